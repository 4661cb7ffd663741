/** From what handlers and middlewares get, on whatever platform, to one raw request and one kind of response. */
import { describe, expect, it } from 'vitest';
import { expressResponseOf } from '../../../src/http/express.request.js';
import { FastifyResponse } from '../../../src/http/fastify.response.js';
import { rawRequestOf, rawRequestOfResponse, responseOf, routeOf } from '../../../src/http/http.platform.js';
import { NodeResponse } from '../../../src/http/node.response.js';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange } from '../fixtures/test.server.js';

const { request, response } = createExchange();
const fastifyRequest = { raw: request, headers: request.headers };
const fastifyReply = {
  raw: response,
  request: fastifyRequest,
  getHeader: () => undefined,
  header: () => undefined,
  removeHeader: () => undefined,
};

describe('the raw request', () => {
  it.each([
    ['a request of node:http or Express', request],
    ["Fastify's request", fastifyRequest],
  ])('is found behind %s', (_, given) => {
    expect(rawRequestOf(given)).toBe(request);
  });

  it.each([
    ['a response of node:http or Express', response],
    ["Fastify's reply", fastifyReply],
  ])('is found behind %s', (_, given) => {
    expect(rawRequestOfResponse(given)).toBe(request);
  });
});

describe('the response', () => {
  it('is told by its platform', () => {
    expect(responseOf(response)).toBeInstanceOf(NodeResponse);
    expect(responseOf(fastifyReply)).toBeInstanceOf(FastifyResponse);
  });

  it("of Express is found behind the request, of others it isn't", () => {
    const { request: plain } = createExchange();
    expect(expressResponseOf(plain)).toBeUndefined();
    expect(expressResponseOf(Object.assign(plain, { res: response }))).toBe(response);
  });
});

describe.each([
  ['undefined', undefined],
  ['null', null],
  ['a text', 'GET /'],
  ['an empty object', {}],
])('%s is neither', (_, given) => {
  it.each([
    ['a request', rawRequestOf],
    ["a response's request", rawRequestOfResponse],
    ['a response', responseOf],
  ])('%s', (__, find) => {
    expect(() => find(given)).toThrow(errorOf('UNKNOWN_EXCHANGE', 'Express, Fastify or node:http'));
  });
});

describe('a route, for messages,', () => {
  it('is told as it was declared, never by its URL', () => {
    const { request: express } = createExchange();
    Object.assign(express, { url: '/reset/secret-token?x=1', route: { path: '/reset/:token' } });
    expect(routeOf(express)).toBe('GET /reset/:token');
  });

  it('that is not known is told so', () => {
    const { request: plain } = createExchange();
    plain.url = '/reset/secret-token';
    expect(routeOf(plain)).toBe('GET (no route)');
  });
});
