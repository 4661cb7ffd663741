/** What the tests' clients ask of a worker about all sessions of a principal. */
import { Controller, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { getSessionRegistryToken, type SessionRegistry } from 'nestjs-http-session';

@Controller('principals/:principal')
export class PrincipalsController {
  readonly #moduleRef: ModuleRef;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  @Post('count')
  @HttpCode(200)
  async count(@Param('principal') principal: string, @Query('of') name?: string): Promise<object> {
    return { count: (await this.#registryOf(name).sessionsOf(principal)).length };
  }

  @Post('revoke-all')
  @HttpCode(200)
  async revokeAll(@Param('principal') principal: string, @Query('of') name?: string): Promise<object> {
    return { ended: await this.#registryOf(name).revokeAll(principal) };
  }

  /** @param name - of the session, if it has one */
  #registryOf(name?: string): SessionRegistry {
    return this.#moduleRef.get(getSessionRegistryToken(name), { strict: false });
  }
}
