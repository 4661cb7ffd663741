/** The id in a header, for clients that aren't browsers. */
import { HeaderTransport, type HeaderOptions } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { PlainResponse } from '../fixtures/plain.response.js';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';

const ID = `tagg.${'s'.repeat(24)}`;
const BEARER: HeaderOptions = { header: 'Authorization', scheme: 'Bearer' };

describe('from a request', () => {
  it.each<[HeaderOptions, Record<string, string | string[]>, unknown[]]>([
    [{}, {}, []],
    [{}, { 'x-auth-token': '' }, []],
    [{}, { 'x-auth-token': ID }, [{ id: ID }]],
    [{}, { 'x-auth-token': ` ${ID} ` }, [{ id: ID }]],
    [{}, { 'x-auth-token': 'nonsense' }, [{ rejected: 'malformed' }]],
    [{}, { 'x-auth-token': `${ID}, ${ID}` }, [{ rejected: 'malformed' }]],
    [{}, { 'x-auth-token': [ID, ID] }, []],
    [{}, { authorization: ID }, []],
    [{ header: 'X-Session' }, { 'x-session': ID }, [{ id: ID }]],
    [BEARER, { authorization: `Bearer ${ID}` }, [{ id: ID }]],
    [BEARER, { authorization: `bearer ${ID}` }, [{ id: ID }]],
    [BEARER, { authorization: `Bearer   ${ID}` }, [{ id: ID }]],
    [BEARER, { authorization: 'Basic dXNlcjpwYXNz' }, []],
    [BEARER, { authorization: ID }, []],
    [BEARER, { authorization: 'Bearer' }, []],
    [BEARER, { authorization: `Bearer ${ID} more` }, []],
    [BEARER, { authorization: `Bearer${ID}` }, []],
    [BEARER, { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }, [{ rejected: 'malformed' }]],
  ])('with %o, %o gives %o', (options, headers, presented) => {
    expect(new HeaderTransport(options).read({ headers })).toEqual(presented);
  });
});

describe('into a response', () => {
  it.each<[HeaderOptions, string, string]>([
    [{}, 'X-Auth-Token', ID],
    [{ header: 'X-Session' }, 'X-Session', ID],
    [BEARER, 'Authorization', `Bearer ${ID}`],
  ])('with %o the header %s is %s', (options, header, value) => {
    const response = new PlainResponse();
    new HeaderTransport(options).tell(response, ID);
    expect(response.getHeader(header)).toEqual([value]);
    expect(response.getHeader('Cache-Control')).toEqual([`no-cache="${header}"`]);
    expect(response.getHeader('Vary')).toEqual([header]);
  });

  it('what was said about caching is kept', () => {
    const response = new PlainResponse({ 'Cache-Control': ['private'], Vary: ['Origin'] });
    new HeaderTransport().tell(response, ID);
    expect(response.getHeader('Cache-Control')).toEqual(['private, no-cache="X-Auth-Token"']);
    expect(response.getHeader('Vary')).toEqual(['Origin, X-Auth-Token']);
  });

  it('an empty header tells the client to forget', () => {
    const response = new PlainResponse();
    const transport = new HeaderTransport();
    transport.tell(response, ID);
    transport.clear(response);
    expect(response.getHeader('X-Auth-Token')).toEqual(['']);
  });

  it('what was written can be taken back', () => {
    const response = new PlainResponse();
    const transport = new HeaderTransport();
    transport.tell(response, ID);
    transport.withdraw(response);
    expect(response.getHeader('X-Auth-Token')).toEqual([]);
  });
});

describe('a client that presented no id', () => {
  it('is told by this transport if nothing else is said', () => {
    expect(new HeaderTransport().suits({ headers: {} })).toBe(true);
  });

  it('is told by it if the option says so', () => {
    const transport = new HeaderTransport({ when: ({ headers }) => headers['x-client'] === 'app' });
    expect(transport.suits({ headers: { 'x-client': 'app' } })).toBe(true);
    expect(transport.suits({ headers: {} })).toBe(false);
  });
});

it('what it occupies is told without regard to case', () => {
  expect(new HeaderTransport().carrier).toBe('header x-auth-token');
  expect(new HeaderTransport(BEARER).carrier).toBe('header authorization');
});

describe('a HeaderTransport refuses', () => {
  it.each<[option: string, options: object, told: string, allowed: string]>([
    ['header', { header: '' }, '""', 'RFC 9110'],
    ['header', { header: 'X Auth' }, '"X Auth"', 'RFC 9110'],
    ['header', { header: 'X-Auth:' }, '"X-Auth:"', 'RFC 9110'],
    ['header', { header: 'X-Auth\r\n' }, '"X-Auth\\r\\n"', 'RFC 9110'],
    ['header', { header: 5 }, '5', 'RFC 9110'],
    ['scheme', { scheme: '' }, '""', 'Bearer'],
    ['scheme', { scheme: 'Bearer ' }, '"Bearer "', 'Bearer'],
    ['scheme', { scheme: null }, 'null', 'Bearer'],
    ['when', { when: true }, 'true', 'a function'],
    ['HeaderTransport.name', { name: 'X-Auth' }, 'unknown', 'header'],
  ])('%s: %o', (option, options, told, allowed) => {
    const error = sessionErrorOf(() => new HeaderTransport(options));
    expect(error).toEqual(errorOf('INVALID_OPTION', `"${option}"`, told, allowed));
  });
});
