/** Promise 3: remove is final. */
import { deepStrictEqual, rejects, strictEqual } from 'node:assert/strict';
import { createSession } from '../../session/session.js';
import type { Suite } from '../store.trial.js';
import {
  type ClientHeaders,
  reachedBy,
  type ServerTrial,
  type SessionVisit,
  toldBy,
  type TrialServer,
} from '../server.trial.js';

/** What a request may try with a session that another one has removed. */
const ATTEMPTS: Readonly<Record<string, (server: TrialServer, visit: SessionVisit) => Promise<unknown>>> = {
  save: async (_server, { session }) => {
    session.setAttr('late', true);
    await session.save();
  },
  update: (_server, { session }) => session.update('late', () => true),
  rotate: (server, { session, response }) => server.manager.rotate(session, response),
  runExclusive: (_server, { session }) => session.runExclusive(() => session.setAttr('late', true)),
};

export function describeRemoval({ describe, it }: Suite<ServerTrial>): void {
  describe('3. remove is final', () => {
    for (const [name, attempt] of Object.entries(ATTEMPTS)) {
      it(`${name} by a request that loaded before the logout is refused, and brings nothing back`, async (trial) => {
        const { here, there } = trial;
        const { headers } = await here.login({ attrs: { count: 1 } });
        const older = await there.open(headers);
        await logOut(here, headers);
        await rejects(attempt(there, older), { code: 'SESSION_GONE' });
        deepStrictEqual(toldBy(older.response), {});
        await isDead(trial, headers);
      });
    }

    it('changes of a request that loaded before the logout are discarded, the response goes out', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login({ attrs: { cart: [1] } });
      const older = await there.open(headers);
      (older.session.attr('cart') as number[]).push(2);
      await logOut(here, headers);
      await there.answer(older);
      deepStrictEqual(toldBy(older.response), {});
      deepStrictEqual(
        there.events.map(({ type }) => type),
        ['discarded'],
      );
      await isDead(trial, headers);
    });

    it('an access on its way while the session is removed does not bring it back', async (trial) => {
      const { here, there, clock } = trial;
      const { headers } = await here.login();
      clock.advance('5m');
      const touch = there.store.hold('touch');
      const older = await there.open(headers);
      strictEqual(there.store.count('touch'), 1);
      await touch.reached;
      await logOut(here, headers);
      touch.release();
      await there.answer(older);
      await isDead(trial, headers);
    });

    it('a change on its way while the session is removed does not bring it back', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login();
      const older = await there.open(headers);
      const change = there.store.hold('change');
      older.session.setAttr('late', true);
      const saved = rejects(older.session.save(), { code: 'SESSION_GONE' });
      await reachedBy(change, saved);
      await logOut(here, headers);
      change.release();
      await saved;
      await isDead(trial, headers);
    });

    it('a rotation on its way while the session is removed leaves no successor', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login();
      const older = await there.open(headers);
      const rename = there.store.hold('rename');
      const rotated = rejects(there.manager.rotate(older.session, older.response), { code: 'SESSION_GONE' });
      await reachedBy(rename, rotated);
      await logOut(here, headers);
      rename.release();
      await rotated;
      deepStrictEqual(toldBy(older.response), {});
      await isDead(trial, headers);
    });

    it('removing what was removed already is no failure, and clears the cookie', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login();
      const older = await there.open(headers);
      await logOut(here, headers);
      await there.manager.remove(older.session, older.response);
      deepStrictEqual(toldBy(older.response), {});
      strictEqual(String(older.response.getHeader('set-cookie')).includes('Max-Age=0'), true);
    });

    it('a session that a login replaces is removed for good', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login();
      const older = await there.open(headers);
      const again = await here.open(headers);
      const next = createSession();
      await here.manager.add(next, again.response);
      older.session.setAttr('late', true);
      await rejects(older.session.save(), { code: 'SESSION_GONE' });
      await isDead(trial, headers);
      const fresh = await there.open(toldBy(again.response));
      deepStrictEqual(fresh.session.attrs(), {});
    });
  });
}

async function logOut(server: TrialServer, headers: ClientHeaders): Promise<void> {
  const { session, response } = await server.open(headers);
  await server.manager.remove(session, response);
}

async function isDead({ here, there }: ServerTrial, headers: ClientHeaders): Promise<void> {
  strictEqual(await here.look(headers), undefined);
  strictEqual(await there.look(headers), undefined);
}
