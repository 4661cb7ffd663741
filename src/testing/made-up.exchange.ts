/** Requests and responses of `node:http` that never see a network: what a manager needs of them, made in memory. */
import { IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

export interface MadeUpExchange {
  readonly request: IncomingMessage;
  /** Belongs to the request. Nothing sends it: read its headers by `getHeader`. */
  readonly response: ServerResponse;
}

/** What a client was told, as it sends it back. */
export interface Credentials {
  /** `name=value` of the cookies that were set, empty if none was: for example when the id travels in a header of its own. */
  readonly cookie: string;
  /** The request headers that present the session, the cookie among them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A request with these headers, and its response. Their names are case-insensitive. */
export function createExchange(headers: Readonly<Record<string, string>> = {}): MadeUpExchange {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  request.url = '/';
  request.headers = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { request, response: new ServerResponse(request) };
}

/** What a client sends after it got this response. Cookies that were cleared are left out, and so are empty headers. */
export function credentialsOf(response: { getHeaders(): OutgoingHttpHeaders }): Credentials {
  const { 'set-cookie': cookies, ...others } = response.getHeaders();
  const cookie = [cookies ?? []].flat().map(String).filter(isSet).map(pairOf).join('; ');
  const headers: Record<string, string> = cookie === '' ? {} : { cookie };
  for (const [name, value] of Object.entries(others)) {
    if (!ABOUT_CACHING.has(name) && value !== undefined && value !== '') headers[name] = String(value);
  }
  return { cookie, headers };
}

/** Headers that come with an id, and don't present it. */
const ABOUT_CACHING = new Set(['cache-control', 'vary']);

function isSet(cookie: string): boolean {
  return !/;\s*max-age=0\b/i.test(cookie);
}

function pairOf(cookie: string): string {
  return cookie.split(';', 1)[0] ?? '';
}
