/** Principals, renewal and freshness: what is promised of one user's sessions, in all processes. */
import { deepStrictEqual, notStrictEqual, ok, rejects, strictEqual } from 'node:assert/strict';
import { PrincipalRegistry } from '../../registry/principal.registry.js';
import type { Suite } from '../store.trial.js';
import { type ClientHeaders, reachedBy, type ServerTrial, type SessionVisit, toldBy } from '../server.trial.js';

const RENEWAL = { renewInterval: '10m', renewGrace: '30s', timeout: '2h' } as const;

export function describeUsers({ describe, it }: Suite<ServerTrial>): void {
  describe('12. the sessions of a principal', () => {
    it('are listed in every process, all that log in at a time, and under the same handle when they are rotated', async (trial) => {
      const { here, there } = trial;
      const logins = await Promise.all(
        [here, there, here, there, here, there].map((server) => server.login({ principal: 'a', labels: { of: 'a' } })),
      );
      await here.login({ principal: 'b' });
      const rotated = await there.open(headersOf(logins[0]));
      await there.manager.rotate(rotated.session, rotated.response);
      for (const registry of registriesOf(trial)) {
        const sessions = await registry.sessionsOf('a', logins[1]?.session);
        deepStrictEqual(
          sessions.map(({ handle }) => handle).sort(),
          logins.map(({ session }) => session.handle).sort(),
        );
        deepStrictEqual(
          sessions.filter(({ isCurrent }) => isCurrent).map(({ handle, labels }) => [handle, labels]),
          [[logins[1]?.session.handle, { of: 'a' }]],
        );
      }
    });

    for (const when of ['before', 'after'] as const) {
      it(`are ended by revokeAll while one is read, one changed and one rotated, ${when} the store has done it`, async (trial) => {
        const { here, there } = trial;
        const [read, changed, rotated] = [
          await here.login({ principal: 'a' }),
          await here.login({ principal: 'a' }),
          await here.login({ principal: 'a' }),
        ];
        const [changing, rotating] = [await there.open(changed.headers), await there.open(rotated.headers)];
        const held = [there.store.hold('change', when), there.store.hold('rename', when)] as const;
        changing.session.setAttr('late', true);
        const work = [
          changing.session.save().catch(() => undefined),
          there.manager.rotate(rotating.session, rotating.response).catch(() => undefined),
        ] as const;
        await reachedBy(held[0], work[0]);
        await reachedBy(held[1], work[1]);
        const get = there.store.hold('get', when);
        const reading = there.visit(read.headers);
        await reachedBy(get, reading);
        strictEqual(await registryOf(here).revokeAll('a'), 3);
        for (const barrier of [...held, get]) barrier.release();
        await Promise.all([...work, reading]);
        for (const { headers } of [read, changed, rotated]) await isDead(trial, headers);
        const told = toldBy(rotating.response);
        if (Object.keys(told).length > 0) await isDead(trial, told);
        deepStrictEqual(await registryOf(there).sessionsOf('a'), []);
      });
    }

    it('are ended but one by revokeOthers, and that one goes on', async (trial) => {
      const { here, there } = trial;
      const [one, another, other] = [
        await here.login({ principal: 'a' }),
        await there.login({ principal: 'a' }),
        await there.login({ principal: 'b' }),
      ];
      strictEqual(await registryOf(there).revokeOthers((await there.open(one.headers)).session), 1);
      await isDead(trial, another.headers);
      ok(await here.look(one.headers));
      ok(await here.look(other.headers));
      await rejects(registryOf(here).revokeOthers(another.session), { code: 'SESSION_GONE' });
    });

    it('are no more than maxPerPrincipal, however many log in at a time: the others are refused', async (trial) => {
      const options = { maxPerPrincipal: 3 };
      const servers = [trial.newServer(options), trial.newServer(options)];
      const answers = await Promise.allSettled(
        Array.from({ length: 12 }, async (_, index) => (servers[index % 2] ?? trial.here).login({ principal: 'a' })),
      );
      const added = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      strictEqual(added.length, 3);
      for (const answer of answers) {
        if (answer.status === 'rejected') strictEqual((answer.reason as { code: string }).code, 'TOO_MANY_SESSIONS');
      }
      for (const { headers } of added) ok(await trial.here.look(headers));
      strictEqual((await registryOf(trial.there).sessionsOf('a')).length, 3);
    });

    it('are no more than maxPerPrincipal, however many log in at a time: the oldest go', async (trial) => {
      const options = { maxPerPrincipal: 3, onMaxPerPrincipal: 'remove-oldest' } as const;
      const servers = [trial.newServer(options), trial.newServer(options)];
      const logins = await Promise.all(
        Array.from({ length: 12 }, (_, index) => (servers[index % 2] ?? trial.here).login({ principal: 'a' })),
      );
      const listed = (await registryOf(trial.here).sessionsOf('a')).map(({ handle }) => handle);
      strictEqual(listed.length, 3);
      for (const { headers, session } of logins) {
        strictEqual((await trial.there.look(headers)) !== undefined, listed.includes(session.handle));
      }
      const told = servers.flatMap(({ events }) => events.filter(({ type }) => type === 'removed'));
      strictEqual(told.length, 9);
    });
  });

  describe('13. timed renewal', () => {
    it('gives parallel requests of all processes the same id, by one rotation', async (trial) => {
      const [one, another] = [trial.newServer(RENEWAL), trial.newServer(RENEWAL)];
      const { headers } = await one.login({ attrs: { count: 1 } });
      trial.clock.advance('10m');
      const visits = await Promise.all([one.open(headers), another.open(headers), one.open(headers)]);
      await Promise.all([one, another, one].map((server, index) => server.answer(visits[index] as SessionVisit)));
      const told = visits.map(({ response }) => toldBy(response));
      deepStrictEqual([told[1], told[2]], [told[0], told[0]]);
      notStrictEqual(JSON.stringify(told[0]), JSON.stringify(headers));
      const rotations = [one, another].flatMap(({ events }) => events.filter(({ type }) => type === 'rotated'));
      strictEqual(rotations.length, 1);
      strictEqual((await another.open(told[0] ?? {})).session.attr('count'), 1);
    });

    it('gives who never got the response the next id within the grace, and reports who comes later', async (trial) => {
      const [one, another] = [trial.newServer(RENEWAL), trial.newServer(RENEWAL)];
      const { headers, session } = await one.login({ principal: 'a' });
      trial.clock.advance('10m');
      const lost = await one.open(headers);
      await one.answer(lost);
      trial.clock.advance(29_999);
      const again = await another.open(headers);
      again.session.setAttr('count', 2);
      await another.answer(again);
      deepStrictEqual(toldBy(again.response), toldBy(lost.response));
      strictEqual((await one.open(toldBy(lost.response))).session.attr('count'), 2);
      trial.clock.advance(1);
      strictEqual(await another.look(headers), undefined);
      deepStrictEqual(another.events.at(-1), {
        type: 'rejected',
        reason: 'reused',
        handle: session.handle,
        principal: 'a',
      });
    });

    it('ends the grace when the user is authenticated again, who is fresh in all processes', async (trial) => {
      const [one, another] = [trial.newServer(RENEWAL), trial.newServer(RENEWAL)];
      const { headers } = await one.login();
      trial.clock.advance('10m');
      const renewed = await one.open(headers);
      await one.answer(renewed);
      const active = await another.open(toldBy(renewed.response));
      strictEqual(active.session.isFresh('5m'), false);
      await another.manager.reauthenticated(active.session, active.response);
      strictEqual(await one.look(headers), undefined);
      strictEqual(await one.look(toldBy(renewed.response)), undefined);
      strictEqual((await one.open(toldBy(active.response))).session.isFresh('1s'), true);
    });
  });
}

function registryOf({ manager }: { readonly manager: ConstructorParameters<typeof PrincipalRegistry>[0] }) {
  return new PrincipalRegistry(manager);
}

function registriesOf({ here, there }: ServerTrial): PrincipalRegistry[] {
  return [registryOf(here), registryOf(there)];
}

function headersOf(login: { readonly headers: ClientHeaders } | undefined): ClientHeaders {
  return login?.headers ?? {};
}

async function isDead({ here, there }: ServerTrial, headers: ClientHeaders): Promise<void> {
  strictEqual(await here.look(headers), undefined);
  strictEqual(await there.look(headers), undefined);
}
