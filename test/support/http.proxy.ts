/** A reverse proxy: clients come to it by https, or it says so, and the application hears plain http. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Certificate } from './openssl.js';

export interface ProxiedApplication {
  /** Where it serves on this machine. */
  readonly port: number;
  /** The path below which the proxy serves it, and that the application doesn't see. */
  readonly prefix?: string;
  /** What the proxy ends TLS with; without it, it only says that it does. */
  readonly certificate?: Certificate;
}

/**
 * Starts it for one test.
 * @returns the URL of the application, by way of the proxy
 */
export async function startHttpProxy({ port, prefix = '', certificate }: ProxiedApplication): Promise<string> {
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method, headers, url = '' } = incoming;
    const path = url.slice(prefix.length);
    const forwarded = request(
      { port, host: '127.0.0.1', method, path, headers: { ...headers, 'x-forwarded-proto': 'https' } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    incoming.pipe(forwarded);
  };
  const server = certificate ? createTlsServer(certificate, forward) : createServer(forward);
  server.listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port: own } = server.address() as AddressInfo;
  return `${certificate ? 'https' : 'http'}://127.0.0.1:${own}${prefix}`;
}
