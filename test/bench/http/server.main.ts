/** One contender's server: a process of its own, whose processor time is all the contender's. */
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { openApplication } from './apps/application.js';
import type { BenchMessage, ServerMessage, ServerSettings } from './server.protocol.js';

const { contender, prefix } = JSON.parse(process.argv[2] ?? '') as ServerSettings;

const app = await openApplication(contender, prefix);
await app.listen(0, '127.0.0.1');
let requests = 0;
app.getHttpServer().on('request', () => requests++);
process.on('disconnect', () => process.exit());
process.on('message', (message: BenchMessage) => {
  if (message === 'stop') process.exit();
  const { user, system } = process.cpuUsage();
  tell({ type: 'usage', usage: { cpu: user + system, requests } });
});
tell({ type: 'listening', port: (app.getHttpServer().address() as AddressInfo).port });

function tell(message: ServerMessage): void {
  process.send?.(message);
}
