/** Starts the sample: on Express, or on Fastify with ADAPTER=fastify. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { AddressInfo, Server } from 'node:net';
import { AppModule } from './app.module.js';

const onFastify = process.env['ADAPTER'] === 'fastify';
const app = await NestFactory.create(AppModule, onFastify ? new FastifyAdapter() : new ExpressAdapter(), {
  logger: ['warn', 'error'],
});
// Closes the sessions' store on SIGTERM and SIGINT.
app.enableShutdownHooks();
await app.listen(Number(process.env['PORT'] ?? 3000), '0.0.0.0');

const server: Server = app.getHttpServer();
const { port } = server.address() as AddressInfo;
console.log(`An account's sessions on ${onFastify ? 'Fastify' : 'Express'}: http://localhost:${port}/sessions`);
