/** Promise 4: requests of one session that overlap lose no update. */
import { deepStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Suite } from '../store.trial.js';
import { reachedBy, type ServerTrial, toldBy } from '../server.trial.js';

export function describeOverlap({ describe, it }: Suite<ServerTrial>): void {
  describe('4. no lost update', () => {
    it('requests that overlap and change different attributes all survive', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { kept: 0, goes: 0 } });
      const one = await here.open(headers);
      const two = await there.open(headers);
      one.session.setAttr('one', 1);
      two.session.setAttr('two', 2);
      two.session.setAttr('goes', null);
      // Both are on their way before either has arrived.
      const held = [here.store.hold('change'), there.store.hold('change')];
      const answers = [here.answer(one), there.answer(two)];
      const answered = Promise.all(answers);
      for (const barrier of held) await reachedBy(barrier, answered);
      for (const barrier of held) barrier.release();
      await answered;
      deepStrictEqual((await here.open(headers)).session.attrs(), { kept: 0, one: 1, two: 2 });
    });

    it('of changes of one attribute the last commit wins', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { color: 'none' } });
      const one = await here.open(headers);
      const two = await there.open(headers);
      one.session.setAttr('color', 'red');
      two.session.setAttr('color', 'blue');
      await there.answer(two);
      await here.answer(one);
      strictEqual((await there.open(headers)).session.attr('color'), 'red');
    });

    it('an attribute that was only read does not undo what another request changed', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { cart: ['a'], other: 0 } });
      const reader = await here.open(headers);
      deepStrictEqual(reader.session.attrs(), { cart: ['a'], other: 0 });
      const writer = await there.open(headers);
      (writer.session.attr('cart') as string[]).push('b');
      await there.answer(writer);
      reader.session.setAttr('other', 1);
      await here.answer(reader);
      deepStrictEqual((await there.open(headers)).session.attrs(), { cart: ['a', 'b'], other: 1 });
    });

    it('1,000 concurrent updates over several processes make exactly 1,000', async (trial) => {
      const { here, there } = trial;
      const servers = [here, there, trial.newServer({}), trial.newServer({})];
      const { headers } = await here.login({ attrs: { count: 0 } });
      await Promise.all(
        Array.from({ length: 250 }, async () => {
          // Each process has loaded before any of them updates.
          const visits = await Promise.all(servers.map((one) => one.open(headers)));
          await Promise.all(
            visits.map(({ session }) => session.update('count', (count: number | undefined) => (count ?? 0) + 1)),
          );
        }),
      );
      strictEqual((await here.open(headers)).session.attr('count'), 1_000);
    });

    it('an update starts from what another process has stored meanwhile', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { list: ['a'] } });
      const one = await here.open(headers);
      const two = await there.open(headers);
      const add = (item: string) => (list: string[] | undefined) => [...(list ?? []), item];
      const held = here.store.hold('change');
      const updated = one.session.update('list', add('one'));
      await reachedBy(held, updated);
      await two.session.update('list', add('two'));
      held.release();
      deepStrictEqual(await updated, ['a', 'two', 'one']);
      deepStrictEqual((await there.open(headers)).session.attr('list'), ['a', 'two', 'one']);
    });

    it('an update is not fooled by a change of its own request that came after that of another one', async (trial) => {
      const { here, there } = trial;
      const { headers } = await here.login({ attrs: { count: 0 } });
      const older = await here.open(headers);
      const newer = await there.open(headers);
      await newer.session.update('count', () => 10);
      older.session.setAttr('other', true);
      await older.session.save();
      strictEqual(await older.session.update('count', (count: number | undefined) => (count ?? 0) + 1), 11);
    });

    it('commits of one request that nobody waited for arrive in their order', async ({ here }) => {
      const { headers } = await here.login();
      const { session } = await here.open(headers);
      const held = here.store.hold('change');
      session.setAttr('step', 1);
      const first = session.save();
      await reachedBy(held, first);
      session.setAttr('step', 2);
      const second = session.save();
      await setImmediate();
      held.release();
      await Promise.all([first, second]);
      strictEqual((await here.open(headers)).session.attr('step'), 2);
    });

    it('an update is not undone by a commit of its own request that is still on its way', async ({ here }) => {
      const { headers } = await here.login({ attrs: { count: 0 } });
      const { session } = await here.open(headers);
      const held = here.store.hold('change');
      session.setAttr('count', 5);
      const saved = session.save();
      await reachedBy(held, saved);
      const updated = session.update('count', (count: number | undefined) => (count ?? 0) + 1);
      await setImmediate();
      held.release();
      await Promise.all([saved, updated]);
      strictEqual((await here.open(headers)).session.attr('count'), 6);
    });

    it('what a request sets while its own update is on its way comes after it', async ({ here }) => {
      const { headers } = await here.login({ attrs: { count: 0 } });
      const request = await here.open(headers);
      const held = here.store.hold('change');
      const updated = request.session.update('count', () => 1);
      await reachedBy(held, updated);
      request.session.setAttr('count', 100);
      held.release();
      strictEqual(await updated, 1);
      await here.answer(request);
      strictEqual((await here.open(headers)).session.attr('count'), 100);
    });

    it('a change that overlaps a rotation reaches the successor', async ({ here, there }) => {
      const { headers } = await here.login();
      const older = await there.open(headers);
      older.session.setAttr('before', 1);
      const change = there.store.hold('change');
      const saved = older.session.save();
      await reachedBy(change, saved);
      const rotating = await here.open(headers);
      await here.manager.rotate(rotating.session, rotating.response);
      change.release();
      await saved;
      older.session.setAttr('after', 2);
      await there.answer(older);
      strictEqual(await there.look(headers), undefined);
      deepStrictEqual((await here.open(toldBy(rotating.response))).session.attrs(), { before: 1, after: 2 });
    });

    it('updates and exclusive work that overlap a rotation reach the successor', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { count: 1 } });
      const older = await there.open(headers);
      const rotating = await here.open(headers);
      await here.manager.rotate(rotating.session, rotating.response);
      await older.session.update('count', (count: number | undefined) => (count ?? 0) + 1);
      await older.session.runExclusive(() => older.session.setAttr('exclusive', older.session.attr('count')));
      deepStrictEqual((await here.open(toldBy(rotating.response))).session.attrs(), { count: 2, exclusive: 2 });
    });

    it('a logout that overlaps a rotation ends the successor', async ({ here, there }) => {
      const { headers } = await here.login();
      const leaving = await there.open(headers);
      const remove = there.store.hold('remove');
      const removed = there.manager.remove(leaving.session, leaving.response);
      await reachedBy(remove, removed);
      const rotating = await here.open(headers);
      await here.manager.rotate(rotating.session, rotating.response);
      remove.release();
      await removed;
      strictEqual(await here.look(toldBy(rotating.response)), undefined);
      strictEqual(await here.look(headers), undefined);
    });

    it('a logout by an id that was just rotated ends the successor, and is told', async ({ here, there }) => {
      const { headers } = await here.login();
      const rotating = await here.open(headers);
      await here.manager.rotate(rotating.session, rotating.response);
      const leaving = await there.visit(headers);
      strictEqual(leaving.session, undefined);
      await there.manager.removeSuccessor(leaving.response);
      strictEqual(await here.look(toldBy(rotating.response)), undefined);
      ok(leaving.response.hasHeader('set-cookie'));
      const stranger = await there.visit({});
      await there.manager.removeSuccessor(stranger.response);
      ok(!stranger.response.hasHeader('set-cookie'));
    });

    it('of parallel rotations exactly one successor lives', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { kept: 1 } });
      const visits = await Promise.all([here, there, here, there].map((server) => server.open(headers)));
      const held = [here.store.hold('rename', 'before', 2), there.store.hold('rename', 'before', 2)];
      const rotations = visits.map(({ session, response }, index) =>
        (index % 2 === 0 ? here : there).manager.rotate(session, response),
      );
      const rotated = Promise.all(rotations);
      for (const barrier of held) await reachedBy(barrier, rotated);
      for (const barrier of held) barrier.release();
      await rotated;
      const found = await Promise.all(visits.map(({ response }) => here.look(toldBy(response))));
      deepStrictEqual(
        found.flatMap((session) => (session ? [session.attrs()] : [])),
        [{ kept: 1 }],
      );
      strictEqual(await here.look(headers), undefined);
    });

    it('a rotated session has its data under the new id, and the old one is dead at once', async ({ here, there }) => {
      const { headers } = await here.login({ attrs: { a: 1 }, constAttrs: { user: 'u' }, persistent: false });
      const rotating = await here.open(headers);
      const { created } = rotating.session;
      await here.manager.rotate(rotating.session, rotating.response);
      strictEqual(await there.look(headers), undefined);
      const fresh = await there.open(toldBy(rotating.response));
      deepStrictEqual(fresh.session.attrs(), { a: 1 });
      deepStrictEqual(fresh.session.constAttrs(), { user: 'u' });
      deepStrictEqual(fresh.session.created, created);
    });

    it('exclusive work of overlapping requests runs one after another, each from what the last one left', async (trial) => {
      const { here } = trial;
      const { headers } = await here.login({ attrs: { list: [] } });
      const visits = await Promise.all(Array.from({ length: 5 }, () => here.open(headers)));
      let running = 0;
      await Promise.all(
        visits.map(({ session }, index) =>
          session.runExclusive(async () => {
            strictEqual(++running, 1);
            const list = session.attr('list') as number[];
            await Promise.resolve();
            list.push(index);
            running--;
          }),
        ),
      );
      deepStrictEqual((await here.open(headers)).session.attr('list'), [0, 1, 2, 3, 4]);
    });

    it('what an update throws changes nothing', async ({ here }) => {
      const { headers, session } = await here.login({ attrs: { count: 1 } });
      const failure = new Error('no');
      await rejects(
        session.update('count', () => {
          throw failure;
        }),
        failure,
      );
      const fresh = await here.open(headers);
      ok(fresh.session.attr('count') === 1);
    });
  });
}
