/** A logout in one process is final in all, whatever the others have on their way. */
import { expect, it, onTestFinished } from 'vitest';
import { attrsIn, login, requestsOf } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';
import type { Answer } from '../support/processes/worker.process.js';

const MINUTE = 60_000;
const DEAD = [null, null, null, null];

/** What is left to the commit goes unsaid; who waits for the store is told. Nobody gets a cookie. */
const REFUSED: Readonly<Record<string, Partial<Answer>>> = {
  '/set': { status: 200, cookie: undefined },
  '/save': { status: 401, cookie: undefined },
  '/update/count': { status: 401, cookie: undefined },
  '/rotate': { status: 401, cookie: undefined },
};
const CHANGES = ['/set', '/save', '/update/count'];

/** @param first - the process that logs out */
export function describeLogout(group: WorkerGroup, first: number): void {
  async function logOut(cookie: string): Promise<void> {
    expect(await group.from(first)[0].send({ path: '/logout', cookie })).toMatchObject({ status: 200, cookie: '' });
  }

  it('a logout is final for requests in the other processes that have loaded the session', async () => {
    const [here, ...others] = group.from(first);
    const cookie = await login(here, { attrs: { count: 0 } });
    const requests = requestsOf(cookie, Object.keys(REFUSED), { late: true });
    const waiting = await Promise.all(others.map((worker) => worker.loaded(requests)));
    await logOut(cookie);
    for (const one of waiting) expect(await one.goOn()).toMatchObject(Object.values(REFUSED));
    expect(await attrsIn(group.from(first), cookie)).toEqual(DEAD);
  });

  it('a logout is final for changes and rotations that the other processes have on their way', async () => {
    const [here, ...others] = group.from(first);
    const cookie = await login(here, { attrs: { count: 0 } });
    const changing = await Promise.all(
      others.map((worker) => worker.stopped('change', 'before', requestsOf(cookie, CHANGES, { late: true }))),
    );
    const rotating = await Promise.all(
      others.map((worker) => worker.stopped('rename', 'before', requestsOf(cookie, ['/rotate']))),
    );
    await logOut(cookie);
    for (const one of changing) expect(await one.goOn()).toMatchObject(CHANGES.map((path) => REFUSED[path]));
    for (const one of rotating) expect(await one.goOn()).toMatchObject([REFUSED['/rotate']]);
    expect(await attrsIn(group.from(first), cookie)).toEqual(DEAD);
  });
}

/** @param first - the process that logs out */
export function describeTouches(group: WorkerGroup, first: number): void {
  it('a logout is final for accesses that the other processes have on their way to be recorded', async () => {
    const [here, ...others] = group.from(first);
    const cookie = await login(here);
    onTestFinished(() => group.shiftClocks(0, 0, 0, 0));
    await group.shiftClocks(2 * MINUTE, 2 * MINUTE, 2 * MINUTE, 2 * MINUTE);
    const touching = await Promise.all(
      others.map((worker) => worker.stopped('touch', 'before', requestsOf(cookie, ['/look']))),
    );
    expect(await here.send({ path: '/logout', cookie })).toMatchObject({ status: 200, cookie: '' });
    for (const one of touching) expect(await one.goOn()).toMatchObject([{ status: 200, cookie: undefined }]);
    expect(await attrsIn(group.from(first), cookie)).toEqual(DEAD);
  });
}
