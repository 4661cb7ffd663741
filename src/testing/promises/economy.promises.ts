/** Promises 5 and 6: what is written, and what isn't. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import { createSession } from '../../session/session.js';
import { createExchange } from '../made-up.exchange.js';
import type { Suite } from '../store.trial.js';
import { type ServerTrial, toldBy } from '../server.trial.js';

export function describeEconomy(suite: Suite<ServerTrial>): void {
  describeChanges(suite);
  describeReads(suite);
}

function describeChanges({ describe, it }: Suite<ServerTrial>): void {
  describe('5. in-place changes count', () => {
    it('an array, an object, a Map, a Set and a Date that were changed in place are committed', async ({
      here,
      there,
    }) => {
      const { headers } = await here.login({
        attrs: {
          array: [1],
          object: { deep: { a: 1 } },
          map: new Map([['a', 1]]),
          set: new Set([1]),
          date: new Date(0),
        },
      });
      const request = await here.open(headers);
      const attrs = request.session.attrs();
      (attrs.array as number[]).push(2);
      (attrs.object as { deep: { a: number } }).deep.a = 2;
      (attrs.map as Map<string, number>).set('b', 2);
      (attrs.set as Set<number>).add(2);
      (attrs.date as Date).setTime(1);
      await here.answer(request);
      deepStrictEqual((await there.open(headers)).session.attrs(), {
        array: [1, 2],
        object: { deep: { a: 2 } },
        map: new Map([
          ['a', 1],
          ['b', 2],
        ]),
        set: new Set([1, 2]),
        date: new Date(1),
      });
    });

    it('what is changed in place in the request that created the session is committed too', async ({ here }) => {
      const created = await here.login({ attrs: { cart: ['a'] } });
      (created.session.attr('cart') as string[]).push('b');
      await here.answer(created);
      deepStrictEqual((await here.open(created.headers)).session.attr('cart'), ['a', 'b']);
    });

    it('what was only read writes nothing', async ({ here }) => {
      const { headers } = await here.login({ attrs: { cart: [{ item: 'a' }], tags: new Set(['x']), at: new Date() } });
      const request = await here.open(headers);
      here.store.forget();
      request.session.attrs();
      await here.answer(request);
      strictEqual(here.store.count(), 0);
    });

    it('what was changed and changed back writes nothing', async ({ here }) => {
      const { headers } = await here.login({ attrs: { cart: ['a'], color: 'red' } });
      const request = await here.open(headers);
      here.store.forget();
      (request.session.attr('cart') as string[]).push('b');
      (request.session.attr('cart') as string[]).pop();
      request.session.setAttr('color', 'blue');
      request.session.setAttr('color', 'red');
      await here.answer(request);
      strictEqual(here.store.count(), 0);
    });

    it('what was committed is not committed again', async ({ here }) => {
      const { headers } = await here.login({ attrs: { cart: ['a'] } });
      const request = await here.open(headers);
      (request.session.attr('cart') as string[]).push('b');
      await request.session.save();
      await request.session.save();
      await here.answer(request);
      strictEqual(here.store.count('change'), 1);
    });
  });
}

function describeReads({ describe, it }: Suite<ServerTrial>): void {
  describe('6. read-only is free', () => {
    it('a request that changes nothing makes one read, no write, and sets no cookie', async ({ here, clock }) => {
      const { headers } = await here.login({ attrs: { count: 1 } });
      clock.advance('59s');
      here.store.forget();
      const request = await here.open(headers);
      strictEqual(request.session.attr('count'), 1);
      await here.answer(request);
      deepStrictEqual(
        here.store.calls.map(({ method }) => method),
        ['get'],
      );
      deepStrictEqual(request.response.getHeaderNames(), []);
    });

    it('a session is loaded once a request, however many ask for it', async ({ here }) => {
      const { headers } = await here.login();
      here.store.forget();
      const { request } = createExchange(headers);
      const [first, ...others] = await Promise.all(Array.from({ length: 10 }, () => here.manager.get(request)));
      ok(first);
      for (const other of others) strictEqual(other, first);
      strictEqual(await here.manager.get(request), first);
      strictEqual(here.store.count(), 1);
    });

    it('an access that is due is one write, and sets no cookie', async ({ here, clock }) => {
      const { headers } = await here.login();
      clock.advance('1m');
      here.store.forget();
      const request = await here.open(headers);
      await here.answer(request);
      deepStrictEqual(
        here.store.calls.map(({ method }) => method),
        ['get', 'touch'],
      );
      deepStrictEqual(request.response.getHeaderNames(), []);
    });

    it('a change is one write, however many attributes change, and sets no cookie', async ({ here }) => {
      const { headers } = await here.login({ attrs: { gone: 1 } });
      here.store.forget();
      const request = await here.open(headers);
      for (const name of ['a', 'b', 'c']) request.session.setAttr(name, name);
      request.session.setAttr('gone', null);
      await here.answer(request);
      deepStrictEqual(
        here.store.calls.map(({ method }) => method),
        ['get', 'change'],
      );
      deepStrictEqual(request.response.getHeaderNames(), []);
    });

    it('login, rotation and logout are one write each, a login in the place of another session too', async ({
      here,
    }) => {
      const calls = () => here.store.calls.map(({ method }) => method);
      const first = await here.login();
      deepStrictEqual(calls(), ['add']);
      here.store.forget();
      const again = await here.visit(first.headers);
      await here.manager.add(createSession(), again.response);
      await here.answer(again);
      deepStrictEqual(calls(), ['get', 'add']);
      here.store.forget();
      const leaving = await here.open(toldBy(again.response));
      await here.manager.rotate(leaving.session, leaving.response);
      await here.manager.remove(leaving.session, leaving.response);
      await here.answer(leaving);
      deepStrictEqual(calls(), ['get', 'rename', 'remove']);
    });

    it('a request without an id makes no store call', async ({ here }) => {
      await here.answer(await here.visit({}));
      await here.answer(await here.visit({ cookie: 'other=1; __Host-sessi=2' }));
      strictEqual(here.store.count(), 0);
    });

    it('a malformed id makes no store call', async ({ here }) => {
      for (const id of [
        '',
        'x',
        'abcd.short',
        `abcd.${'é'.repeat(30)}`,
        `abcd.${'x'.repeat(300)}`,
        `../${'x'.repeat(30)}`,
      ]) {
        const request = await here.visit({ cookie: `__Host-sessid=${id}` });
        await here.answer(request);
        deepStrictEqual(request.response.getHeaderNames(), []);
      }
      strictEqual(here.store.count(), 0);
    });

    it('a wrongly signed id makes no store call', async (trial) => {
      const signing = trial.newServer({ cookie: { secrets: ['right'] } });
      const forging = trial.newServer({ cookie: { secrets: ['wrong'] } });
      const { headers, session } = await signing.login();
      ok(await signing.look(headers));
      signing.store.forget();
      const forged = await forging.login();
      for (const cookie of [forged.headers['cookie'], `__Host-sessid=${session.id}`, `${headers['cookie']}x`]) {
        strictEqual(await signing.look({ cookie: cookie ?? '' }), undefined);
      }
      strictEqual(signing.store.count(), 0);
    });

    it('an unknown id is never taken over, nor cleared', async ({ here }) => {
      const { headers, session } = await here.login();
      const { id } = session;
      const leaving = await here.open(headers);
      await here.manager.remove(leaving.session, leaving.response);
      const request = await here.visit(headers);
      strictEqual(request.session, undefined);
      deepStrictEqual(request.response.getHeaderNames(), []);
      const next = createSession();
      await here.manager.add(next, request.response);
      ok(next.id !== id);
      strictEqual(await here.look(headers), undefined);
    });
  });
}
