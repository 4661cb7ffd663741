/** Whether a browser that sent a request takes the connection for one that anybody can read. */
import type { IncomingMessage } from 'node:http';

/** What proxies that end TLS tell the server behind them by. */
const FORWARDED = ['forwarded', 'x-forwarded-proto', 'x-forwarded-for', 'x-forwarded-host', 'via'];
/** Browsers trust connections to their own machine, most of them also without TLS. */
const OWN_MACHINE = /^(localhost|[\w.-]+\.localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i;

/** As far as the server can tell: without TLS, from another machine, and not by way of a proxy. */
export function isPlainHttp({ headers, socket }: IncomingMessage): boolean {
  if (headers.host === undefined || OWN_MACHINE.test(headers.host)) return false;
  return !('encrypted' in socket) && FORWARDED.every((name) => headers[name] === undefined);
}
