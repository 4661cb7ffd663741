/** From what a handler or a middleware got to our terms, by the platform it comes from. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { SessionError } from '../session/session.error.js';
import { FastifyResponse, isFastifyReply } from './fastify.response.js';
import type { HttpResponse } from './http.exchange.js';
import { NodeResponse } from './node.response.js';

/**
 * The raw request behind what a handler or a middleware got: the one object that all layers share.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function rawRequestOf(request: unknown): IncomingMessage {
  const raw = property(request, 'raw');
  const message = hasHeaders(raw) ? raw : request;
  if (hasHeaders(message)) return message as IncomingMessage;
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a request of Express, Fastify or node:http.');
}

/**
 * The raw request that a response answers.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function rawRequestOfResponse(response: unknown): IncomingMessage {
  const request = property(response, 'request') ?? property(response, 'req');
  if (request !== undefined) return rawRequestOf(request);
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a response of Express, Fastify or node:http.');
}

/**
 * What a handler or a middleware got as response, in our terms.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function responseOf(response: unknown): HttpResponse {
  if (isFastifyReply(response)) return new FastifyResponse(response);
  if (typeof property(response, 'setHeader') === 'function') return new NodeResponse(response as ServerResponse);
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a response of Express, Fastify or node:http.');
}

/** A request's route as it was declared, for messages; never its URL, which may carry secrets. */
export function routeOf(request: unknown): string {
  const path = property(property(request, 'route'), 'path') ?? property(property(request, 'routeOptions'), 'url');
  return `${String(property(request, 'method'))} ${typeof path === 'string' ? path : '(no route)'}`;
}

/** A web Request has headers too, but of another kind. */
function hasHeaders(request: unknown): boolean {
  const headers = property(request, 'headers');
  return typeof headers === 'object' && headers !== null && !(headers instanceof Headers);
}

function property(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined;
}
