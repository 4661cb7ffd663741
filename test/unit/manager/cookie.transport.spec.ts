/** The id in a cookie: how it is read, told, cleared and taken back. */
import { type CookieOptions, CookieTransport, type Validity } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { MAX_ID_LENGTH, newId } from '../../../src/session/session.id.js';
import { PlainResponse } from '../fixtures/plain.response.js';

const ID = `tagg.${'s'.repeat(24)}`;
const OTHER = `tagg.${'t'.repeat(24)}`;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function read(cookie: string | undefined, options: CookieOptions = {}) {
  return new CookieTransport(options).read({ headers: cookie === undefined ? {} : { cookie } });
}

describe('from a request', () => {
  it.each<[string, string | undefined]>([
    ['without cookies', undefined],
    ['with an empty header', ''],
    ['with cookies of others', 'a=1; b=2'],
    ['with a cookie whose name ends like ours', `x__Host-sessid=${ID}`],
    ['with a cookie whose name begins like ours', `__Host-sessid2=${ID}`],
    ['with our name without its prefix', `sessid=${ID}`],
    ['with our name in another case', `__host-sessid=${ID}`],
    ['with our name inside of a value', `a=__Host-sessid; b="__Host-sessid=${ID}"`],
    ['with our name behind a value', `a=b=__Host-sessid=${ID}`],
    ['with our name and no value', '__Host-sessid'],
    ['with our name and no value, beside others', `__Host-sessid; a=${ID}`],
  ])('%s nothing is read', (_, cookie) => {
    expect(read(cookie)).toEqual([]);
  });

  it.each<[string, string]>([
    ['alone', `__Host-sessid=${ID}`],
    ['before others', `__Host-sessid=${ID}; a=1`],
    ['behind others', `a=1; b; c=; __Host-sessid=${ID}`],
    ['without spaces', `a=1;__Host-sessid=${ID};b=2`],
    ['with more spaces', ` a=1 ;  __Host-sessid = ${ID} ; b=2`],
    ['in quotes', `__Host-sessid="${ID}"`],
    ['behind an empty cookie', `;; =x; __Host-sessid=${ID};`],
    ['behind one whose name ends like ours', `x__Host-sessid=${OTHER}; __Host-sessid=${ID}`],
    ['behind one whose name begins like ours', `__Host-sessid2=${OTHER}; __Host-sessid=${ID}`],
  ])('an id is read %s', (_, cookie) => {
    expect(read(cookie)).toEqual([{ id: ID }]);
  });

  it('all ids of our name are read, in their order', () => {
    expect(read(`__Host-sessid=${ID}; a=1; __Host-sessid=${OTHER}`)).toEqual([{ id: ID }, { id: OTHER }]);
  });

  it('a sane number of them is read, however many there are', () => {
    expect(read(Array.from({ length: 1_000 }, () => `__Host-sessid=${ID}`).join('; ')).length).toBeLessThanOrEqual(16);
  });

  it.each(['', 'nonsense', '"', `"${ID}`, `${ID}x.y`, `tagg.${'s'.repeat(300)}`, `${ID}%20`, '{"$gt":""}'])(
    'the value %j is rejected as malformed',
    (value) => {
      expect(read(`__Host-sessid=${value}`)).toEqual([{ rejected: 'malformed' }]);
    },
  );
});

describe('with secrets', () => {
  const secrets = ['first', 'second'];

  function told(options: CookieOptions): string {
    const response = new PlainResponse();
    new CookieTransport(options).tell(response, ID, { remaining: undefined, persistent: true });
    return response.getHeader('Set-Cookie')[0]?.split(';')[0] ?? '';
  }

  it('what was told is read', () => {
    expect(read(told({ secrets }), { secrets })).toEqual([{ id: ID }]);
  });

  it('what was told with an older secret is read, until that is gone', () => {
    const cookie = told({ secrets: ['second'] });
    expect(read(cookie, { secrets })).toEqual([{ id: ID }]);
    expect(read(cookie, { secrets: ['first'] })).toEqual([{ rejected: 'forged' }]);
  });

  it('what was told is signed with the first', () => {
    expect(told({ secrets })).toBe(told({ secrets: ['first'] }));
    expect(told({ secrets })).not.toBe(told({ secrets: ['second'] }));
  });

  it.each<[string, (cookie: string) => string]>([
    ['not signed', () => `__Host-sessid=${ID}`],
    ['signed with another secret', () => told({ secrets: ['guess'] })],
    ['cut short', (cookie) => cookie.slice(0, -1)],
    ['longer', (cookie) => `${cookie}x`],
    ['changed', (cookie) => cookie.replace('ssss', 'tttt')],
    ['empty', () => '__Host-sessid='],
  ])('what is %s is rejected as forged', (_, forge) => {
    expect(read(forge(told({ secrets })), { secrets })).toEqual([{ rejected: 'forged' }]);
  });

  it('what was signed for another cookie is rejected as forged', () => {
    const cookie = told({ secrets, name: 'admin' }).replace('__Host-admin', '__Host-sessid');
    expect(read(cookie, { secrets })).toEqual([{ rejected: 'forged' }]);
  });

  it('what was signed is malformed to who has no secrets any more', () => {
    expect(read(told({ secrets }))).toEqual([{ rejected: 'malformed' }]);
  });
});

describe('Max-Age', () => {
  it.each<[what: string, CookieOptions, Validity, number | undefined]>([
    ['is what is left to the absolute deadline', {}, { remaining: 5 * DAY, persistent: true }, 432_000],
    ['is rounded up, so that the cookie outlives the session', {}, { remaining: 1_001, persistent: true }, 2],
    ['is rounded up from a millisecond', {}, { remaining: 1, persistent: true }, 1],
    ['is not rounded if it needs not be', {}, { remaining: 2_000, persistent: true }, 2],
    ['is 400 days if the session has no end', {}, { remaining: undefined, persistent: true }, 34_560_000],
    ['is 400 days if the session lives longer', {}, { remaining: 500 * DAY, persistent: true }, 34_560_000],
    ['is the option', { maxAge: '1h' }, { remaining: DAY, persistent: true }, 3_600],
    ['is the option, if the session has no end', { maxAge: '1h' }, { remaining: undefined, persistent: true }, 3_600],
    ['is not beyond the session’s end', { maxAge: '1h' }, { remaining: 60_000, persistent: true }, 60],
    [
      'is not there until the browser is closed',
      { maxAge: 'session' },
      { remaining: DAY, persistent: true },
      undefined,
    ],
    ['is not there for a session that is not persistent', {}, { remaining: DAY, persistent: false }, undefined],
    ['is not there for it, whatever the option', { maxAge: '1h' }, { remaining: DAY, persistent: false }, undefined],
  ])('%s', (_, options, validity, seconds) => {
    const response = new PlainResponse();
    new CookieTransport(options).tell(response, ID, validity);
    const [line] = response.getHeader('Set-Cookie');
    expect(/; Max-Age=(\d+)/.exec(line ?? '')?.[1]).toBe(seconds?.toString());
    expect(line).not.toContain('Expires');
  });
});

const VALIDITY: Validity = { remaining: DAY, persistent: true };

describe('telling', () => {
  it('sets the cookie with the id', () => {
    const response = new PlainResponse();
    new CookieTransport().tell(response, ID, VALIDITY);
    const line = `__Host-sessid=${ID}; Max-Age=86400; Path=/; HttpOnly; Secure; SameSite=Lax`;
    expect(response.getHeader('Set-Cookie')).toEqual([line]);
  });

  it('fits into the 4096 bytes that browsers keep, with the longest id there is, and signed', () => {
    const response = new PlainResponse();
    const id = newId(MAX_ID_LENGTH, 'principal-12');
    new CookieTransport({ secrets: ['secret'] }).tell(response, id, VALIDITY);
    const [cookie = ''] = response.getHeader('Set-Cookie')[0]?.split(';') ?? [];
    expect(cookie).toContain(id);
    expect(cookie.length).toBeLessThan(4_096);
  });

  it('once more sets the last id alone', () => {
    const response = new PlainResponse();
    const transport = new CookieTransport();
    transport.tell(response, ID, VALIDITY);
    transport.clear(response);
    transport.tell(response, OTHER, VALIDITY);
    expect(response.getHeader('Set-Cookie')).toHaveLength(1);
    expect(response.getHeader('Set-Cookie')[0]).toContain(OTHER);
  });

  it('leaves the cookies of others as they are, those with names like ours included', () => {
    const theirs = ['a=1; Path=/', '__Host-sessid2=x; Secure', 'x__Host-sessid=y', 'b=__Host-sessid=z'];
    const response = new PlainResponse({ 'Set-Cookie': theirs });
    const transport = new CookieTransport();
    transport.tell(response, ID, VALIDITY);
    transport.tell(response, OTHER, VALIDITY);
    expect(response.getHeader('Set-Cookie').slice(0, 4)).toEqual(theirs);
    expect(response.getHeader('Set-Cookie')).toHaveLength(5);
  });

  it('keeps shared caches from keeping the cookie, beside what is said about caching already', () => {
    const response = new PlainResponse({ 'Cache-Control': ['private, max-age=60'], Vary: ['Origin'] });
    new CookieTransport().tell(response, ID, VALIDITY);
    expect(response.getHeader('Cache-Control')).toEqual(['private, max-age=60, no-cache="Set-Cookie"']);
    expect(response.getHeader('Vary')).toEqual(['Origin, Cookie']);
  });

  it('says so once, however often it tells', () => {
    const response = new PlainResponse();
    new CookieTransport().tell(response, ID, VALIDITY);
    new CookieTransport({ name: 'admin' }).tell(response, ID, VALIDITY);
    expect(response.getHeader('Cache-Control')).toEqual(['no-cache="Set-Cookie"']);
    expect(response.getHeader('Vary')).toEqual(['Cookie']);
    expect(response.getHeader('Set-Cookie')).toHaveLength(2);
  });
});

describe('clearing', () => {
  it.each<[CookieOptions, string]>([
    [{}, '; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'],
    [
      { path: '/app', domain: 'example.com', sameSite: 'none', partitioned: true },
      '; Domain=example.com; Path=/app; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; Partitioned; SameSite=None',
    ],
    [{ allowHttp: true }, '; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax'],
    [{ maxAge: 'session' }, '; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax'],
  ])('with %o repeats name, path, domain and flags, with an end that is over', (options, rest) => {
    const response = new PlainResponse();
    const transport = new CookieTransport(options);
    transport.clear(response);
    expect(response.getHeader('Set-Cookie')).toEqual([`${transport.cookieName}=; Max-Age=0${rest}`]);
    expect(response.getHeader('Cache-Control')).toEqual(['no-cache="Set-Cookie"']);
  });

  it('signs nothing', () => {
    const response = new PlainResponse();
    new CookieTransport({ secrets: ['s'] }).clear(response);
    expect(response.getHeader('Set-Cookie')[0]).toMatch(/^__Host-sessid=;/);
  });
});

describe('withdrawing', () => {
  it.each(['tell', 'clear'] as const)('takes back what %s wrote, and nothing of others', (verb) => {
    const response = new PlainResponse({ 'Set-Cookie': ['a=1'] });
    const transport = new CookieTransport();
    if (verb === 'tell') transport.tell(response, ID, VALIDITY);
    else transport.clear(response);
    transport.withdraw(response);
    expect(response.getHeader('Set-Cookie')).toEqual(['a=1']);
  });

  it('harms nothing where nothing was written', () => {
    const response = new PlainResponse();
    new CookieTransport().withdraw(response);
    expect(response.getHeader('Set-Cookie')).toEqual([]);
  });
});
