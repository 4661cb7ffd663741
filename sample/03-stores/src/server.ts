/** One of the two processes. It tells the one that started it where it serves. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo, Server } from 'node:net';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule, { logger: ['warn', 'error'] });
// On SIGTERM and SIGINT: answers what has begun, closes the sessions, then the driver of their store.
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT']), '0.0.0.0');

const server: Server = app.getHttpServer();
const { port } = server.address() as AddressInfo;
process.send?.(`http://localhost:${port}/demo`);
// Whoever started it is gone.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
