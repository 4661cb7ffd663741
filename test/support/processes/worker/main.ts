/** One of several processes that share sessions: a Nest application in which a test directs who waits for what. */
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { type SessionLogger, SessionModule } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import type { Server } from 'node:http';
import { DisplacingController, MAX_PER_PRINCIPAL, RefusingController } from './limited.controllers.js';
import { openStore } from './open.store.js';
import { PrincipalsController } from './principals.controller.js';
import { WorkerController } from './worker.controller.js';
import type { CommandMessage, Report, WorkerPlan } from './worker.protocol.js';
import { WorkerStage } from './worker.stage.js';

// Whoever started it may be gone.
process.on('disconnect', exit);
if (!process.connected) exit();

const plan: WorkerPlan = JSON.parse(process.argv[2] ?? '');
const opened = await openStore(plan.store);
const store = new ObservedStore(opened.store);
const stage = new WorkerStage(store);

const logger: SessionLogger = { debug: () => undefined, warn: console.warn, error: console.error };

// Time for a slow backend under the load of a race: that a call takes long is no failure here.
const options = { store, clock: stage.now, storeTimeout: '30s', logger } as const;
const limited = { ...options, maxPerPrincipal: MAX_PER_PRINCIPAL };

@Module({
  imports: [
    SessionModule.forRoot(options),
    SessionModule.forRoot({ ...limited, name: 'refusing', onMaxPerPrincipal: 'refuse' }),
    SessionModule.forRoot({ ...limited, name: 'displacing', onMaxPerPrincipal: 'remove-oldest' }),
  ],
  controllers: [WorkerController, RefusingController, DisplacingController, PrincipalsController],
  providers: [{ provide: WorkerStage, useValue: stage }],
})
class WorkerModule {}

const adapter = plan.platform === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
// Requests that a failed test left waiting keep nobody from ending.
const app = await NestFactory.create(WorkerModule, adapter, { logger: false, forceCloseConnections: true });
await app.listen(0, '127.0.0.1');
// A client that comes back after some seconds finds its connection as it left it.
(app.getHttpServer() as Server).keepAliveTimeout = 600_000;

process.on('message', (message: CommandMessage) => void obey(message));
report({ says: 'listening', origin: await app.getUrl() });

async function obey({ number, command }: CommandMessage): Promise<void> {
  if (command.does === 'stop') await close();
  else stage.direct(command, (id) => report({ says: 'reached', id }));
  report({ says: 'done', number });
  if (command.does === 'stop') disconnect();
}

async function close(): Promise<void> {
  await app.close();
  await opened.end();
}

/** Nothing is left then, and the process ends by itself. */
function disconnect(): void {
  process.off('disconnect', exit);
  process.disconnect();
}

function exit(): never {
  process.exit(1);
}

function report(what: Report): void {
  process.send?.(what);
}
