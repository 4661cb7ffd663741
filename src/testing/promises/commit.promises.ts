/** Promises 7 and 8: nothing is told before it is stored, and nothing is stored by halves. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { createSession } from '../../session/session.js';
import { createExchange } from '../made-up.exchange.js';
import type { Suite } from '../store.trial.js';
import { reachedBy, type ServerTrial, toldBy } from '../server.trial.js';

export function describeCommits({ describe, it }: Suite<ServerTrial>): void {
  describe('7. saved before answered', () => {
    it('the client is told about a new session only after it was stored', async ({ here }) => {
      const { response } = createExchange();
      const add = here.store.hold('add', 'after');
      const added = here.manager.add(createSession({ attrs: { a: 1 } }), response);
      await reachedBy(add, added);
      deepStrictEqual(toldBy(response), {});
      add.release();
      await added;
      strictEqual((await here.open(toldBy(response))).session.attr('a'), 1);
    });

    it('the client is told about a new id only after the session has it', async ({ here }) => {
      const { headers } = await here.login();
      const { session, response } = await here.open(headers);
      const rename = here.store.hold('rename', 'after');
      const rotated = here.manager.rotate(session, response);
      await reachedBy(rename, rotated);
      deepStrictEqual(toldBy(response), {});
      rename.release();
      await rotated;
      ok(await here.look(toldBy(response)));
    });

    it('if the store fails to add, the client is told nothing', async ({ here }) => {
      const { response } = createExchange();
      here.store.intercept('add', failing);
      await rejects(here.manager.add(createSession(), response), { code: 'STORE_FAILED', status: 503 });
      deepStrictEqual(response.getHeaderNames(), []);
    });

    it('if the store fails to commit, the request fails, and takes back what the client was told', async ({ here }) => {
      const created = await here.login({ attrs: { a: 1 } });
      created.session.setAttr('a', 2);
      here.store.intercept('change', failing);
      await rejects(here.answer(created), { code: 'STORE_FAILED' });
      strictEqual(toldBy(created.response)['cookie'], undefined);
    });
  });

  describe('8. all or nothing', () => {
    it('a change that the store refused leaves the session as it was', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { a: 1, b: 1 } });
      const request = await here.open(headers);
      request.session.setAttr('a', 2);
      request.session.setAttr('b', null);
      here.store.intercept('change', failing);
      await rejects(here.answer(request), { code: 'STORE_FAILED' });
      deepStrictEqual((await there.open(headers)).session.attrs(), { a: 1, b: 1 });
    });

    it('a change whose answer was lost is there as a whole', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { a: 1, b: 1 } });
      const request = await here.open(headers);
      request.session.setAttr('a', 2);
      request.session.setAttr('b', null);
      here.store.intercept('change', async (proceed) => {
        await proceed();
        throw new Error('the connection was closed');
      });
      await rejects(here.answer(request), { code: 'STORE_FAILED' });
      deepStrictEqual((await there.open(headers)).session.attrs(), { a: 2 });
    });

    it('a new session whose id is taken gets another one, and what was there stays as it is', async (trial) => {
      const { here, stores } = trial;
      const other = stores.newRecord();
      const taken: string[] = [];
      here.store.intercept('add', async (proceed, [key]) => {
        taken.push(key);
        await stores.store.add(key, other, { op: stores.newOp() });
        return proceed();
      });
      const { headers } = await here.login({ attrs: { mine: true } });
      deepStrictEqual((await here.open(headers)).session.attrs(), { mine: true });
      deepStrictEqual(await stores.recordOf(String(taken[0])), other);
    });

    it('a rotation to an id that is taken gets another one, and what was there stays as it is', async (trial) => {
      const { here, stores } = trial;
      const other = stores.newRecord();
      const taken: string[] = [];
      const { headers } = await here.login({ attrs: { mine: true } });
      const { session, response } = await here.open(headers);
      here.store.intercept('rename', async (proceed, [, to]) => {
        taken.push(to);
        await stores.store.add(to, other, { op: stores.newOp() });
        return proceed();
      });
      await here.manager.rotate(session, response);
      deepStrictEqual((await here.open(toldBy(response))).session.attrs(), { mine: true });
      strictEqual(await here.look(headers), undefined);
      deepStrictEqual(await stores.recordOf(String(taken[0])), other);
    });
  });
}

function failing(): never {
  throw new Error('the store failed');
}
