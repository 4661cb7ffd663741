/** A contender's application. */
import type { DynamicModule, INestApplication, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Contender } from '../contender.js';
import { BareModule } from './bare.app.js';
import { floorModule } from './floor.app.js';
import { libraryModule } from './library.app.js';
import { PeerModule, useExpressSession, useFastifySession } from './peer.app.js';
import { openFloorStore, openLibraryStore, openPeerStore } from './stores.js';

const OPTIONS: NestApplicationOptions = { logger: ['error', 'warn'] };

/** @param prefix - before the keys, or in the table's name, of what is kept in backends */
export async function openApplication(contender: Contender, prefix: string): Promise<INestApplication> {
  const module = await moduleOf(contender, prefix);
  const isPeer = contender.kind === 'peer';
  if (contender.platform === 'express') {
    const app = await NestFactory.create<NestExpressApplication>(module, OPTIONS);
    if (isPeer) await useExpressSession(app, await openPeerStore(contender, prefix));
    return app;
  }
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), OPTIONS);
  if (isPeer) await useFastifySession(app, await openPeerStore(contender, prefix));
  return app;
}

async function moduleOf(contender: Contender, prefix: string): Promise<Type | DynamicModule> {
  switch (contender.kind) {
    case 'bare':
      return BareModule;
    case 'floor':
      return floorModule(await openFloorStore(contender, prefix));
    case 'library':
      return libraryModule(await openLibraryStore(contender, prefix));
    case 'peer':
      return PeerModule;
  }
}
