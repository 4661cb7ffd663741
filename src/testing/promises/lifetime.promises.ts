/** Promises 1 and 2: a session ends when it has to, not later and not earlier. */
import { ok, rejects, strictEqual } from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { DAY, MINUTE, SECOND, type Suite } from '../store.trial.js';
import { reachedBy, type ServerTrial } from '../server.trial.js';

export function describeLifetime({ describe, it }: Suite<ServerTrial>): void {
  describe('1. never served late', () => {
    it('a session is served until its idle deadline, and never at it', async ({ here, there, clock }) => {
      const { headers, session } = await here.login({ timeout: '10m' });
      clock.set(session.expires.getTime());
      strictEqual(await here.look(headers), undefined);
      strictEqual(await there.look(headers), undefined);
      clock.set(session.expires.getTime() - 1);
      ok(await there.look(headers));
    });

    it('a session is served until its absolute deadline, and never at it', async ({ here, there, clock }) => {
      const start = clock.now();
      const { headers } = await here.login({ timeout: '10m', lifetime: '25m' });
      for (const minutes of [9, 18, 24]) {
        clock.set(start + minutes * MINUTE);
        await here.answer(await here.open(headers));
      }
      clock.set(start + 25 * MINUTE - 1);
      ok(await there.look(headers));
      clock.set(start + 25 * MINUTE);
      strictEqual(await here.look(headers), undefined);
      strictEqual(await there.look(headers), undefined);
    });

    it('a request that comes too late does not revive its session', async ({ here, clock }) => {
      const { headers, session } = await here.login();
      clock.set(session.expires);
      const late = await here.visit(headers);
      await here.answer(late);
      strictEqual(await here.look(headers), undefined);
      strictEqual(here.store.count('touch') + here.store.count('change'), 0);
    });

    it('a change that comes too late is refused, though its request came in time', async ({ here, clock }) => {
      const { headers, session } = await here.login();
      clock.set(session.expires.getTime() - 1);
      const request = await here.open(headers);
      await here.answer(request);
      clock.set(request.session.expires);
      request.session.setAttr('late', true);
      await rejects(request.session.save(), { code: 'SESSION_GONE' });
      strictEqual(await here.look(headers), undefined);
    });
  });

  describe('2. never dropped early', () => {
    it('a session lives for its timeout after an access that was not worth recording', async ({ here, clock }) => {
      const { headers } = await here.login({ timeout: '30m' });
      clock.advance(59 * SECOND);
      await here.answer(await here.open(headers));
      strictEqual(here.store.count('touch'), 0);
      clock.advance(30 * MINUTE - 1);
      ok(await here.look(headers));
    });

    it('an access is recorded once the touch interval is over', async ({ here, there, clock }) => {
      const { headers } = await here.login({ timeout: '30m' });
      for (let accesses = 0; accesses < 5; accesses++) {
        clock.advance(29 * MINUTE);
        await here.answer(await here.open(headers));
      }
      strictEqual(here.store.count('touch'), 5);
      ok(await there.look(headers));
    });

    it('a request is not answered before its access is recorded', async ({ here, clock }) => {
      const { headers } = await here.login({ timeout: '30m' });
      clock.advance(5 * MINUTE);
      const touch = here.store.hold('touch');
      const request = await here.open(headers);
      let answered = false;
      const answer = here.answer(request).then(() => (answered = true));
      await reachedBy(touch, answer);
      await setImmediate();
      strictEqual(answered, false);
      touch.release();
      await answer;
    });

    it('expires says exactly until when the store serves a session, after an access too', async ({ here, clock }) => {
      const { headers } = await here.login({ timeout: '30m' });
      clock.advance(7 * MINUTE);
      const request = await here.open(headers);
      await here.answer(request);
      const expires = request.session.expires.getTime();
      strictEqual(expires, clock.now() + 30 * MINUTE + MINUTE);
      clock.set(expires);
      strictEqual(await here.look(headers), undefined);
      clock.set(expires - 1);
      ok(await here.look(headers));
    });

    it('a short timeout is stretched by a tenth at most', async ({ here, clock }) => {
      const { headers, session } = await here.login({ timeout: '1m' });
      strictEqual(session.expires.getTime(), clock.now() + MINUTE + 6 * SECOND);
      clock.advance(MINUTE);
      ok(await here.look(headers));
    });

    it('processes with other options agree on when a session ends', async (trial) => {
      const { here, clock } = trial;
      const another = trial.newServer({ timeout: '1m', lifetime: '2m', touchInterval: '1s' });
      const { headers, session } = await here.login({ timeout: '30m', lifetime: '1d' });
      strictEqual((await another.look(headers))?.expires.getTime(), session.expires.getTime());
      clock.set(session.expires.getTime() - 1);
      ok(await another.look(headers));
    });

    it('a change is an access too', async ({ here, clock }) => {
      const { headers } = await here.login({ timeout: '30m' });
      clock.advance(30 * SECOND);
      const request = await here.open(headers);
      request.session.setAttr('a', 1);
      await here.answer(request);
      clock.advance(31 * MINUTE - 1);
      ok(await here.look(headers));
    });

    it('a session without absolute deadline lives as long as it is used', async ({ here, clock }) => {
      const { headers } = await here.login({ timeout: '60d', lifetime: false });
      for (let accesses = 0; accesses < 10; accesses++) {
        clock.advance(59 * DAY);
        await here.answer(await here.open(headers));
      }
    });
  });
}
