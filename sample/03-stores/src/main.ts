/** Starts the demo twice, on PORT and the port after it: two processes that share their sessions by the store in STORE. */
import { type ChildProcess, fork } from 'node:child_process';
import { checkServers } from './servers.js';
import { chosenStore } from './stores.js';

const { servers: needed, name } = chosenStore();
await checkServers(needed);

const { PORT = '3000' } = process.env;
const ports = PORT === '0' ? ['0', '0'] : [PORT, String(Number(PORT) + 1)];
const file = new URL('server.js', import.meta.url);
const demos = ports.map((port) => fork(file, { env: { ...process.env, PORT: port } }));
const stop = (signal?: NodeJS.Signals) => demos.forEach((demo) => demo.kill(signal));

const urls = new Map<ChildProcess, string>();
for (const demo of demos) {
  demo.once('message', (url: string) => {
    urls.set(demo, url);
    if (urls.size === demos.length) tellWhere();
  });
  demo.once('exit', (code) => {
    if (code) process.exitCode = 1;
    // One alone has nobody to share with.
    stop();
  });
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

function tellWhere(): void {
  const [first, second] = demos.map((demo) => urls.get(demo));
  console.log(`Session demo over STORE=${name}, in two processes: ${first} and ${second}
Log in on one, and the other knows you. Log out on the other, and both have forgotten you.`);
}
