/** A web `Response` that a handler returns replaces the headers set before: ours must survive it. */
import { describe, expect, it } from 'vitest';
import { withSharedHeaders } from '../../../src/http/web.response.js';
import { PlainResponse } from '../fixtures/plain.response.js';

const SET_BEFORE = { 'Cache-Control': ['no-cache="Set-Cookie"'], Vary: ['Cookie'], 'X-Other': ['ours'] };

function merged(value: Response): Response {
  return withSharedHeaders(value, new PlainResponse(SET_BEFORE)) as Response;
}

describe('what is no web Response', () => {
  it.each([undefined, null, 'text', 5, { headers: new Headers({ vary: 'Origin' }) }, Buffer.from('x')])(
    'is left as it is: %o',
    (value) => {
      expect(withSharedHeaders(value, new PlainResponse(SET_BEFORE))).toBe(value);
    },
  );
});

describe('a web Response', () => {
  it('with caching headers of its own gets those set before, too', () => {
    const { headers } = merged(new Response('x', { headers: { 'Cache-Control': 'max-age=60', Vary: 'Origin' } }));
    expect(headers.get('cache-control')).toBe('no-cache="Set-Cookie", max-age=60');
    expect(headers.get('vary')).toBe('Cookie, Origin');
  });

  it('without caching headers is left as it is: those set before are sent', () => {
    const response = new Response('x', { headers: { 'Content-Type': 'text/plain' } });
    expect(merged(response)).toBe(response);
  });

  it('is left as it is if nothing was set before', () => {
    const response = new Response('x', { headers: { Vary: 'Origin' } });
    expect(withSharedHeaders(response, new PlainResponse())).toBe(response);
  });

  it('has one of the headers merged if it has one', () => {
    const { headers } = merged(new Response('x', { headers: { Vary: 'Origin' } }));
    expect([headers.get('vary'), headers.get('cache-control')]).toEqual(['Cookie, Origin', null]);
  });

  it('keeps its status, its body, its cookies and all its other headers', async () => {
    const headers = new Headers({ Vary: 'Origin', 'Content-Type': 'text/x', 'X-Other': 'its own' });
    headers.append('Set-Cookie', 'a=1');
    headers.append('Set-Cookie', 'b=2');
    const response = merged(new Response('the body', { status: 201, statusText: 'Made', headers }));
    expect([response.status, response.statusText]).toEqual([201, 'Made']);
    expect(response.headers.get('x-other')).toBe('its own');
    expect(response.headers.get('content-type')).toBe('text/x');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    await expect(response.text()).resolves.toBe('the body');
  });

  it('without a body stays one', () => {
    const response = merged(new Response(null, { status: 304, headers: { Vary: 'Origin' } }));
    expect([response.status, response.body]).toEqual([304, null]);
  });

  it('whose headers can not be changed is no hindrance', () => {
    const redirect = merged(Response.redirect('https://example.com/', 303));
    expect([redirect.status, redirect.headers.get('location')]).toEqual([303, 'https://example.com/']);
  });

  it('that is an error is left as it is', () => {
    const response = Response.error();
    expect(merged(response)).toBe(response);
  });
});
