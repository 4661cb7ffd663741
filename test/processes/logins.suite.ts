/** Logins in several processes: each makes a session of its own, and ends the one that its request came with. */
import { expect, it } from 'vitest';
import { attrsIn, login, requestsOf, rotate } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';

const DEAD = [null, null, null, null];
const LOGGED_IN = { status: 200, cookie: expect.stringMatching(/=./) };

/** @param first - the process that begins */
export function describeLogins(group: WorkerGroup, first: number): void {
  it('parallel logins that all come from one session end it', async () => {
    const workers = group.from(first);
    const old = await login(workers[0]);
    const waiting = await Promise.all(workers.map((worker) => worker.loaded(requestsOf(old, ['/login']))));
    const answers = (await Promise.all(waiting.map((one) => one.goOn()))).flat();
    expect(answers).toMatchObject(Array(4).fill(LOGGED_IN));
    for (const { cookie } of answers) expect(await attrsIn(workers, cookie)).toEqual([{}, {}, {}, {}]);
    expect(await attrsIn(workers, old)).toEqual(DEAD);
  });

  it('a login that comes from a session which another process has ended meanwhile makes a new one', async () => {
    const workers = group.from(first);
    const [here, there] = workers;
    const old = await login(here);
    const late = await there.loaded(requestsOf(old, ['/login'], { attrs: { fresh: true } }));
    expect(await here.send({ path: '/logout', cookie: old })).toMatchObject({ status: 200, cookie: '' });
    const [loggedIn] = await late.goOn();
    expect(loggedIn).toMatchObject(LOGGED_IN);
    expect(await attrsIn(workers, loggedIn?.cookie)).toEqual(Array(4).fill({ fresh: true }));
    expect(await attrsIn(workers, old)).toEqual(DEAD);
  });

  it('a login that comes from a session which other processes have rotated twice meanwhile ends its successor', async () => {
    const workers = group.from(first);
    const [here, there, elsewhere] = workers;
    const old = await login(here);
    const late = await elsewhere.loaded(requestsOf(old, ['/login'], { attrs: { fresh: true } }));
    const second = await rotate(here, old);
    const third = await rotate(there, second);
    const [loggedIn] = await late.goOn();
    expect(loggedIn).toMatchObject(LOGGED_IN);
    expect(await attrsIn(workers, loggedIn?.cookie)).toEqual(Array(4).fill({ fresh: true }));
    for (const cookie of [old, second, third]) expect(await attrsIn(workers, cookie)).toEqual(DEAD);
  });
}

export function describeCrowd(group: WorkerGroup): void {
  it('parallel logins in four processes do not disturb one another', async () => {
    const workers = group.from(0);
    const waiting = await Promise.all(
      workers.map((worker, index) => {
        const users = Array.from({ length: 10 }, (_, number) => `user-${index}-${number}`);
        return worker.loaded(users.map((user) => ({ path: '/login', body: { attrs: { user } } })));
      }),
    );
    const answers = (await Promise.all(waiting.map((one) => one.goOn()))).flat();
    expect(answers).toMatchObject(Array(40).fill(LOGGED_IN));
    const views = await Promise.all(answers.map(({ cookie }, index) => attrsIn(group.from(index).slice(0, 1), cookie)));
    const users = answers.map((_, index) => ({ user: `user-${Math.floor(index / 10)}-${index % 10}` }));
    expect(views).toEqual(users.map((user) => [user]));
  });
}
