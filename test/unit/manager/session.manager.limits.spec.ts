/** `maxPerPrincipal`: one session too many is refused, or the oldest goes. */
import { createSession } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { errorOf } from '../fixtures/session.error.js';
import { createExchange, setCookies, TestServer } from '../fixtures/test.server.js';

describe('one session too many', () => {
  it('is refused, with an error that a login page can show, and the client is told nothing', async () => {
    const server = new TestServer({ maxPerPrincipal: 2 });
    const [one, another] = [await server.login({ principal: 'ann@a' }), await server.login({ principal: 'ann@a' })];
    const { response } = createExchange();
    const session = createSession({ principal: 'ann@a' });
    const refused = expect(server.manager.add(session, response)).rejects;
    await refused.toThrow(errorOf('TOO_MANY_SESSIONS', 'maxPerPrincipal: 2'));
    await refused.toMatchObject({ status: 409 });
    await refused.not.toThrow('ann@a');
    expect(setCookies(response)).toEqual([]);
    expect(server.memory.size).toBe(2);
    // The same session may be tried again when there is room.
    await server.manager.remove(one.session, one.response);
    await server.manager.add(session, response);
    expect(await server.find(another)).toBeDefined();
    expect(await server.find({ response })).toBeDefined();
  });

  it('displaces the oldest, and tells of it', async () => {
    const server = new TestServer({ maxPerPrincipal: 2, onMaxPerPrincipal: 'remove-oldest' });
    const visits = [];
    for (let logins = 0; logins < 3; logins++) {
      server.clock.advance('1s');
      visits.push(await server.login({ principal: 'a' }));
    }
    expect(await Promise.all(visits.map((visit) => server.find(visit).then(Boolean)))).toEqual([false, true, true]);
    const { handle } = visits[0]?.session ?? {};
    expect(server.ofType('removed')).toEqual([{ type: 'removed', reason: 'limit', handle, principal: 'a' }]);
  });

  it('is none of another principal, of nobody, or in the place of one', async () => {
    const server = new TestServer({ maxPerPrincipal: 1 });
    const first = await server.login({ principal: 'a' });
    await server.login({ principal: 'b' });
    await server.login();
    await server.login();
    const again = await server.return(first);
    await server.manager.add(createSession({ principal: 'a' }), again.response);
    expect(server.memory.size).toBe(4);
  });
});

describe('the options', () => {
  it.each([0, -1, 1.5, NaN, Infinity, '3', null])('maxPerPrincipal is not %s', (maxPerPrincipal) => {
    expect(() => new TestServer({ maxPerPrincipal: maxPerPrincipal as number })).toThrow(
      errorOf('INVALID_OPTION', '"maxPerPrincipal"', '1 or more'),
    );
  });

  it('onMaxPerPrincipal is one of two, and needs the other', () => {
    const wrong = { maxPerPrincipal: 1, onMaxPerPrincipal: 'remove-newest' as 'refuse' };
    expect(() => new TestServer(wrong)).toThrow(errorOf('INVALID_OPTION', '"onMaxPerPrincipal"', "'refuse'"));
    expect(() => new TestServer({ onMaxPerPrincipal: 'refuse' })).toThrow(
      errorOf('INVALID_OPTION', '"maxPerPrincipal"'),
    );
  });

  it('renewInterval leaves room for the grace', () => {
    expect(() => new TestServer({ renewInterval: '59s' })).toThrow(
      errorOf('INVALID_OPTION', '"renewInterval"', 'twice "renewGrace"'),
    );
    expect(() => new TestServer({ renewInterval: '1h', renewGrace: '11m' })).toThrow(
      errorOf('INVALID_OPTION', '"renewGrace"', "'10m'"),
    );
    expect(() => new TestServer({ renewInterval: 'never' as '1h' })).toThrow(errorOf('INVALID_OPTION'));
    new TestServer({ renewInterval: '1m' });
  });
});
