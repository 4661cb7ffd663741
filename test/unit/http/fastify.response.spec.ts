/** Fastify's reply has headers of its own, which replace those of the raw response when they are sent. */
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FastifyResponse, isFastifyReply } from '../../../src/http/fastify.response.js';
import { createExchange, sendHeaders } from '../fixtures/test.server.js';

/** As Fastify's: `header` replaces, but appends to Set-Cookie. */
class FakeReply {
  readonly raw: ServerResponse = createExchange().response;
  readonly headers: Record<string, string | string[]> = {};

  getHeader(name: string): string | string[] | undefined {
    return this.headers[name.toLowerCase()];
  }

  header(name: string, value: string | string[]): this {
    const key = name.toLowerCase();
    const before = key === 'set-cookie' ? this.headers[key] : undefined;
    this.headers[key] = before === undefined ? value : [before, value].flat();
    return this;
  }

  removeHeader(name: string): this {
    delete this.headers[name.toLowerCase()];
    return this;
  }
}

function faked() {
  const reply = new FakeReply();
  return { reply, response: new FastifyResponse(reply) };
}

describe("a Fastify reply's headers", () => {
  it('are read as lists of values', () => {
    const { reply, response } = faked();
    expect(response.getHeader('Vary')).toEqual([]);
    reply.header('Vary', 'Origin').header('Set-Cookie', ['a=1', 'b=2']).header('X-Count', '5');
    expect(response.getHeader('vary')).toEqual(['Origin']);
    expect(response.getHeader('set-cookie')).toEqual(['a=1', 'b=2']);
  });

  it('are replaced, also Set-Cookie', () => {
    const { reply, response } = faked();
    reply.header('Set-Cookie', 'old=1');
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    expect(reply.getHeader('set-cookie')).toEqual(['a=1', 'b=2']);
    response.setHeader('Set-Cookie', ['c=3']);
    expect(reply.getHeader('set-cookie')).toBe('c=3');
  });

  it('are removed by no values', () => {
    const { reply, response } = faked();
    reply.header('Set-Cookie', 'old=1');
    response.setHeader('Set-Cookie', []);
    expect(reply.headers).toEqual({});
  });

  it('were sent when those of the raw response were', () => {
    const { reply, response } = faked();
    expect(response.headersSent).toBe(false);
    sendHeaders(reply.raw);
    expect(response.headersSent).toBe(true);
  });
});

describe('a header that a middleware set on the raw response', () => {
  it.each<[name: string, raw: string | string[], own: string | string[] | undefined, adopted: string | string[]]>([
    ['Set-Cookie', 'raw=1', 'own=2', ['raw=1', 'own=2']],
    ['Set-Cookie', ['raw=1', 'raw=2'], undefined, ['raw=1', 'raw=2']],
    ['Set-Cookie', 'same=1', 'same=1', 'same=1'],
    ['Set-Cookie', 'raw=1', ['own=2', 'own=3'], ['raw=1', 'own=2', 'own=3']],
    ['Vary', 'Origin', 'Cookie', 'Origin, Cookie'],
    ['Vary', 'Origin', undefined, 'Origin'],
    ['Cache-Control', 'no-cache="Set-Cookie"', 'max-age=5', 'no-cache="Set-Cookie", max-age=5'],
  ])("%s: %j joins the reply's own %j", (name, raw, own, adopted) => {
    const { reply, response } = faked();
    reply.raw.setHeader(name, raw);
    if (own !== undefined) reply.header(name, own);
    response.adoptRawHeaders([name]);
    expect(reply.getHeader(name)).toEqual(adopted);
    expect(reply.raw.hasHeader(name)).toBe(false); // or it would be sent twice
  });

  it('is adopted once, however often that is asked for', () => {
    const { reply, response } = faked();
    reply.raw.setHeader('Set-Cookie', 'raw=1');
    response.adoptRawHeaders(['set-cookie']);
    response.adoptRawHeaders(['set-cookie']);
    expect(reply.getHeader('set-cookie')).toBe('raw=1');
  });

  it('that is not there leaves the reply as it is', () => {
    const { reply, response } = faked();
    reply.header('Vary', 'Cookie');
    response.adoptRawHeaders(['vary']);
    response.adoptRawHeaders(['set-cookie']);
    expect(reply.headers).toEqual({ vary: 'Cookie' });
  });

  it('stays where it is once the headers were sent', () => {
    const { reply, response } = faked();
    reply.raw.setHeader('Vary', 'Origin');
    sendHeaders(reply.raw);
    response.adoptRawHeaders(['vary']);
    expect(reply.headers).toEqual({});
  });
});

describe('a Fastify reply', () => {
  it.each([
    ['a reply', new FakeReply(), true],
    ['a response of node:http', createExchange().response, false],
    ['nothing', undefined, false],
    ['null', null, false],
    ['a text', 'reply', false],
    ['something with a raw part', { raw: {} }, false],
  ])('is told from other things: %s', (_, value, is) => {
    expect(isFastifyReply(value)).toBe(is);
  });
});
