/** A response of `node:http`, and so of Express. */
import { describe, expect, it } from 'vitest';
import { NodeResponse } from '../../../src/http/node.response.js';
import { createExchange, sendHeaders } from '../fixtures/test.server.js';

function made() {
  const { response: raw } = createExchange();
  return { raw, response: new NodeResponse(raw) };
}

describe('the headers of a node:http response', () => {
  it.each<[string | number | string[], string[]]>([
    ['text', ['text']],
    [5, ['5']],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  ])('%j are read as the list %j', (set, read) => {
    const { raw, response } = made();
    raw.setHeader('X-Any', set);
    expect(response.getHeader('x-any')).toEqual(read);
  });

  it('that are not set are an empty list', () => {
    expect(made().response.getHeader('vary')).toEqual([]);
  });

  it('are replaced by one value, by several, and removed by none', () => {
    const { raw, response } = made();
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    expect(raw.getHeader('set-cookie')).toEqual(['a=1', 'b=2']);
    response.setHeader('Set-Cookie', ['c=3']);
    expect(raw.getHeader('set-cookie')).toBe('c=3');
    response.setHeader('Set-Cookie', []);
    expect(raw.hasHeader('set-cookie')).toBe(false);
  });

  it('tell when it is too late', () => {
    const { raw, response } = made();
    expect(response.headersSent).toBe(false);
    sendHeaders(raw);
    expect(response.headersSent).toBe(true);
  });
});
