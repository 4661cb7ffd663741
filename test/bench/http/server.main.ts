/** One contender's server: a process of its own, whose processor time is all the contender's. */
import 'reflect-metadata';
import type { INestApplication, Type, DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { AddressInfo } from 'node:net';
import { BareModule } from './apps/bare.app.js';
import { floorModule } from './apps/floor.app.js';
import { libraryModule } from './apps/library.app.js';
import { PeerModule, useExpressSession, useFastifySession } from './apps/peer.app.js';
import { openFloorStore, openLibraryStore, openPeerStore } from './apps/stores.js';
import type { Contender } from './contender.js';
import type { BenchMessage, ServerMessage, ServerSettings } from './server.protocol.js';

const { contender, prefix } = JSON.parse(process.argv[2] ?? '') as ServerSettings;

const app = await open(contender);
await app.listen(0, '127.0.0.1');
process.on('disconnect', () => process.exit());
process.on('message', (message: BenchMessage) => {
  if (message === 'stop') process.exit();
  const { user, system } = process.cpuUsage();
  tell({ type: 'cpu', cpu: user + system });
});
tell({ type: 'listening', port: (app.getHttpServer().address() as AddressInfo).port });

async function open({ platform, kind }: Contender): Promise<INestApplication> {
  const module = await moduleOf(kind);
  if (platform === 'express') {
    const express = await NestFactory.create<NestExpressApplication>(module, { logger: ['error', 'warn'] });
    if (kind === 'peer') await useExpressSession(express, await openPeerStore(contender, prefix));
    return express;
  }
  const fastify = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    logger: ['error', 'warn'],
  });
  if (kind === 'peer') await useFastifySession(fastify, await openPeerStore(contender, prefix));
  return fastify;
}

async function moduleOf(kind: Contender['kind']): Promise<Type | DynamicModule> {
  switch (kind) {
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

function tell(message: ServerMessage): void {
  process.send?.(message);
}
