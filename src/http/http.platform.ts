/** From what a handler or a middleware got to our terms, by the platform it comes from. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { SessionError } from '../session/session.error.js';
import { FastifyResponse, isFastifyReply } from './fastify.response.js';
import type { HttpResponse } from './http.exchange.js';
import { NodeResponse } from './node.response.js';

/**
 * The raw request behind what a handler or a middleware got: the one object that all layers share.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function rawRequestOf(request: unknown): IncomingMessage {
  // (Measured: what Express's requests don't have takes them half a microsecond to find out.)
  if (request instanceof IncomingMessage) return request;
  if (isObject(request)) {
    if (isObject(request.raw) && hasHeaders(request.raw)) return request.raw;
    if (hasHeaders(request)) return request;
  }
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a request of Express, Fastify or node:http.');
}

/**
 * The raw request that a response answers.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function rawRequestOfResponse(response: unknown): IncomingMessage {
  const request = isObject(response) ? (response.request ?? response.req) : undefined;
  if (request !== undefined) return rawRequestOf(request);
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a response of Express, Fastify or node:http.');
}

/**
 * What a handler or a middleware got as response, in our terms.
 * @throws SessionError `UNKNOWN_EXCHANGE`
 */
export function responseOf(response: unknown): HttpResponse {
  const raw = nodeResponseOf(response);
  if (raw) return new NodeResponse(raw);
  if (isFastifyReply(response)) return new FastifyResponse(response);
  throw new SessionError('UNKNOWN_EXCHANGE', 'Expected a response of Express, Fastify or node:http.');
}

/** The response of `node:http` behind what a handler or a middleware got. */
export function rawResponseOf(response: unknown): ServerResponse | undefined {
  return nodeResponseOf(response) ?? (isFastifyReply(response) ? response.raw : undefined);
}

/** A request's route as it was declared, for messages; never its URL, which may carry secrets. */
export function routeOf(request: unknown): string {
  const { method, route, routeOptions } = isObject(request) ? request : {};
  const path = isObject(route) ? route.path : isObject(routeOptions) ? routeOptions.url : undefined;
  return `${String(method)} ${typeof path === 'string' ? path : '(no route)'}`;
}

/** A web Request has headers too, but of a kind with methods. */
function hasHeaders(request: AnyObject): request is AnyObject & IncomingMessage {
  return isObject(request.headers) && typeof request.headers.get !== 'function';
}

/** (A reply of Fastify may have been given `setHeader`, for passport say.) */
function nodeResponseOf(response: unknown): ServerResponse | undefined {
  if (response instanceof ServerResponse) return response as ServerResponse;
  if (isFastifyReply(response) || !isObject(response) || typeof response.setHeader !== 'function') return undefined;
  return response as AnyObject & ServerResponse;
}

type AnyObject = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is AnyObject {
  return typeof value === 'object' && value !== null;
}
