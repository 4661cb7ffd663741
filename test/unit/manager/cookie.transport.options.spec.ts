/** The cookie's name and flags, and the options that make no sense or contradict each other. */
import { type CookieOptions, CookieTransport } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { PlainResponse } from '../fixtures/plain.response.js';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';

const ID = `tagg.${'s'.repeat(24)}`;

describe('the name on the wire', () => {
  it.each<[CookieOptions, string]>([
    [{}, '__Host-sessid'],
    [{ name: 'sid' }, '__Host-sid'],
    [{ path: '/' }, '__Host-sessid'],
    [{ path: '/app' }, '__Secure-sessid'],
    [{ domain: 'example.com' }, '__Secure-sessid'],
    [{ domain: 'example.com', path: '/app' }, '__Secure-sessid'],
    [{ allowHttp: true }, 'sessid'],
    [{ allowHttp: true, path: '/app' }, 'sessid'],
    [{ prefix: false }, 'sessid'],
    [{ prefix: false, domain: 'example.com' }, 'sessid'],
    [{ name: '__Host-sid' }, '__Host-sid'],
    [{ name: '__Secure-sid' }, '__Secure-sid'],
    [{ name: '__Secure-sid', path: '/app' }, '__Secure-sid'],
    [{ name: '__Host-sid', prefix: false }, '__Host-sid'],
    [{ name: '__host-sid' }, '__host-sid'],
    [{ name: 'Host-sid' }, '__Host-Host-sid'],
    [{ name: "!#$%&'*+-.^_`|~09azAZ" }, "__Host-!#$%&'*+-.^_`|~09azAZ"],
  ])('with %o is %s', (options, name) => {
    const transport = new CookieTransport(options);
    expect(transport.cookieName).toBe(name);
    expect(transport.carrier).toBe(`cookie ${name}`);
  });
});

describe('the flags', () => {
  it.each<[CookieOptions, string[], string[]]>([
    [{}, ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax'], ['Domain', 'Partitioned']],
    [{ path: '/app' }, ['Path=/app'], []],
    [{ domain: 'example.com' }, ['Domain=example.com'], []],
    [{ domain: '.example.com' }, ['Domain=.example.com'], []],
    [{ sameSite: 'strict' }, ['SameSite=Strict', 'Secure'], []],
    [{ sameSite: 'none' }, ['SameSite=None', 'Secure'], []],
    [{ partitioned: true }, ['Partitioned', 'Secure'], []],
    [{ allowHttp: true }, ['HttpOnly', 'SameSite=Lax'], ['Secure']],
    [{ prefix: false }, ['Secure'], []],
  ])('with %o are in the cookie, told or cleared', (options, present, absent) => {
    const transport = new CookieTransport(options);
    const response = new PlainResponse();
    for (const write of [
      () => transport.tell(response, ID, { remaining: 1_000, persistent: true }),
      () => transport.clear(response),
    ]) {
      write();
      const lines = response.getHeader('Set-Cookie');
      expect(lines).toHaveLength(1);
      const flags = lines[0]?.split('; ').slice(1) ?? [];
      expect(flags).toEqual(expect.arrayContaining(present));
      for (const name of absent) expect(flags.filter((flag) => flag.startsWith(name))).toEqual([]);
      expect(new Set(flags.map((flag) => flag.split('=')[0])).size).toBe(flags.length);
    }
  });

  it('are told by the transport', () => {
    expect(new CookieTransport()).toMatchObject({
      path: '/',
      domain: undefined,
      sameSite: 'lax',
      secure: true,
      partitioned: false,
      maxAge: 'lifetime',
    });
    const options = { path: '/app', domain: 'example.com', sameSite: 'strict', allowHttp: true, maxAge: '1h' } as const;
    expect(new CookieTransport(options)).toMatchObject({
      path: '/app',
      domain: 'example.com',
      sameSite: 'strict',
      secure: false,
      maxAge: 3_600_000,
    });
  });
});

describe('a CookieTransport refuses', () => {
  it.each<[option: string, options: object, told: string, allowed: string]>([
    ['cookie.name', { name: '' }, '""', 'RFC 6265'],
    ['cookie.name', { name: 'a b' }, '"a b"', 'RFC 6265'],
    ['cookie.name', { name: 'a=b' }, '"a=b"', 'RFC 6265'],
    ['cookie.name', { name: 'a;b' }, '"a;b"', 'RFC 6265'],
    ['cookie.name', { name: 'ä' }, '"ä"', 'RFC 6265'],
    ['cookie.name', { name: 'a\n' }, '"a\\n"', 'RFC 6265'],
    ['cookie.name', { name: 5 }, '5', 'RFC 6265'],
    ['cookie.name', { name: '__Host-sid', domain: 'example.com' }, '"__Host-sid"', 'without __Host-'],
    ['cookie.name', { name: '__Host-sid', path: '/app' }, '"__Host-sid"', 'without __Host-'],
    ['cookie.name', { name: '__HOST-sid', path: '/app' }, '"__HOST-sid"', 'without __HOST-'],
    ['cookie.name', { name: '__Host-sid', allowHttp: true }, '"__Host-sid"', 'allowHttp'],
    ['cookie.name', { name: '__Secure-sid', allowHttp: true }, '"__Secure-sid"', 'allowHttp'],
    ['cookie.path', { path: '' }, '""', "starts with '/'"],
    ['cookie.path', { path: 'app' }, '"app"', "starts with '/'"],
    ['cookie.path', { path: '/a;b' }, '"/a;b"', "without ';'"],
    ['cookie.path', { path: '/a\n' }, '"/a\\n"', 'printable'],
    ['cookie.path', { path: '/ä' }, '"/ä"', 'printable'],
    ['cookie.path', { path: 5 }, '5', "starts with '/'"],
    ['cookie.domain', { domain: '' }, '""', 'example.com'],
    ['cookie.domain', { domain: 'https://example.com' }, '"https://example.com"', 'example.com'],
    ['cookie.domain', { domain: 'example.com:3000' }, '"example.com:3000"', 'example.com'],
    ['cookie.domain', { domain: '-example.com' }, '"-example.com"', 'example.com'],
    ['cookie.domain', { domain: 'exa mple.com' }, '"exa mple.com"', 'example.com'],
    ['cookie.domain', { domain: 'a..b' }, '"a..b"', 'example.com'],
    ['cookie.domain', { domain: `${'a'.repeat(64)}.com` }, '"aaa', 'example.com'],
    ['cookie.domain', { domain: true }, 'true', 'example.com'],
    ['cookie.sameSite', { sameSite: 'Lax' }, '"Lax"', "'strict', 'lax' or 'none'"],
    ['cookie.sameSite', { sameSite: true }, 'true', "'strict', 'lax' or 'none'"],
    ['cookie.sameSite', { sameSite: 'none', allowHttp: true }, '"none"', 'allowHttp'],
    ['cookie.partitioned', { partitioned: true, allowHttp: true }, 'true', 'allowHttp'],
    ['cookie.partitioned', { partitioned: 'yes' }, '"yes"', 'true or false'],
    ['cookie.allowHttp', { allowHttp: 1 }, '1', 'true or false'],
    ['cookie.prefix', { prefix: '__Host-' }, '"__Host-"', 'true or false'],
    ['cookie.maxAge', { maxAge: 0 }, '0', '30m'],
    ['cookie.maxAge', { maxAge: -1 }, '-1', '30m'],
    ['cookie.maxAge', { maxAge: 'forever' }, '"forever"', '30m'],
    ['cookie.maxAge', { maxAge: null }, 'null', '30m'],
    ['cookie.secrets', { secrets: [] }, 'an empty array', 'at least one'],
    ['cookie.secrets', { secrets: [''] }, 'an array', 'non-empty strings'],
    ['cookie.secrets', { secrets: ['a', undefined] }, 'an array', 'non-empty strings'],
    ['cookie.secrets', { secrets: 'hunter2' }, 'string', 'an array'],
    ['cookie.secrets', { secrets: null }, '', 'an array'],
    ['cookie.httpOnly', { httpOnly: false }, 'unknown', 'allowHttp'],
    ['cookie.secure', { secure: true }, 'unknown', 'allowHttp'],
  ])('%s: %o', (option, options, told, allowed) => {
    const error = sessionErrorOf(() => new CookieTransport(options));
    expect(error).toEqual(errorOf('INVALID_OPTION', `"${option}"`, told, allowed));
    expect(error.message).not.toContain('hunter2');
  });

  it.each([[null], ['sessid'], [[]]])('%j instead of options', (options) => {
    expect(() => new CookieTransport(options as unknown as CookieOptions)).toThrow(errorOf('INVALID_OPTION', 'cookie'));
  });
});

it('whatever path and domain it takes, it can tell a client', () => {
  const response = new PlainResponse();
  for (const code of Array.from({ length: 0x7f }, (_, index) => index)) {
    let transport: CookieTransport;
    try {
      transport = new CookieTransport({ path: `/${String.fromCharCode(code)}`, domain: 'a.example.com' });
    } catch {
      continue;
    }
    transport.tell(response, ID, { remaining: undefined, persistent: true });
    expect(response.getHeader('Set-Cookie')[0]).toContain(`; Path=/${String.fromCharCode(code)};`);
  }
});
