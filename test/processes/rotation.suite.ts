/** A session that one process rotates goes on in all, under its new id only. */
import { expect, it } from 'vitest';
import { attrsIn, login, requestsOf, rotate } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';

const DEAD = [null, null, null, null];

/** @param first - the process that rotates */
export function describeRotation(group: WorkerGroup, first: number): void {
  it('a rotation kills the old id in all processes, and all know the new one', async () => {
    const workers = group.from(first);
    const old = await login(workers[0], { attrs: { kept: 1 } });
    expect(await attrsIn(workers, old)).toEqual(Array(4).fill({ kept: 1 }));
    const fresh = await rotate(workers[0], old);
    expect(await attrsIn(workers, old)).toEqual(DEAD);
    expect(await attrsIn(workers, fresh)).toEqual(Array(4).fill({ kept: 1 }));
  });

  it('of parallel rotations of one id in four processes exactly one successor lives', async () => {
    const workers = group.from(first);
    const old = await login(workers[0], { attrs: { kept: 1 } });
    const rotating = await Promise.all(
      workers.map((worker) => worker.stopped('rename', 'before', requestsOf(old, ['/rotate', '/rotate']))),
    );
    const answers = (await Promise.all(rotating.map((one) => one.goOn()))).flat();
    const successors = answers.flatMap(({ cookie }) => cookie ?? []);
    const living = await Promise.all(successors.map((cookie) => attrsIn(workers, cookie)));
    expect(living.filter((views) => views.some((attrs) => attrs !== null))).toEqual([Array(4).fill({ kept: 1 })]);
    expect(await attrsIn(workers, old)).toEqual(DEAD);
  });

  it('a logout on its way while another process rotates ends the successor', async () => {
    const workers = group.from(first);
    const [here, there] = workers;
    const old = await login(here);
    const leaving = await there.stopped('remove', 'before', requestsOf(old, ['/logout']));
    const fresh = await rotate(here, old);
    expect(await leaving.goOn()).toMatchObject([{ status: 200, cookie: '' }]);
    for (const cookie of [old, fresh]) expect(await attrsIn(workers, cookie)).toEqual(DEAD);
  });

  it('a rotation on its way while another process logs out leaves no successor', async () => {
    const workers = group.from(first);
    const [here, there] = workers;
    const old = await login(here);
    const rotating = await here.stopped('rename', 'before', requestsOf(old, ['/rotate']));
    expect(await there.send({ path: '/logout', cookie: old })).toMatchObject({ status: 200, cookie: '' });
    expect(await rotating.goOn()).toMatchObject([{ status: 401, cookie: undefined }]);
    expect(await attrsIn(workers, old)).toEqual(DEAD);
  });

  it('a logout ends the successor that a rotation has stored, but not told the client yet', async () => {
    const workers = group.from(first);
    const [here, there] = workers;
    const old = await login(here);
    const leaving = await there.loaded(requestsOf(old, ['/logout']));
    const rotating = await here.stopped('rename', 'after', requestsOf(old, ['/rotate']));
    expect(await leaving.goOn()).toMatchObject([{ status: 200, cookie: '' }]);
    const [rotated] = await rotating.goOn();
    for (const cookie of [old, rotated?.cookie]) expect(await attrsIn(workers, cookie)).toEqual(DEAD);
  });

  it('a logout ends what other processes have rotated twice', async () => {
    const workers = group.from(first);
    const [here, there, elsewhere] = workers;
    const old = await login(here);
    const leaving = await elsewhere.loaded(requestsOf(old, ['/logout']));
    const second = await rotate(here, old);
    const third = await rotate(there, second);
    expect(await leaving.goOn()).toMatchObject([{ status: 200, cookie: '' }]);
    for (const cookie of [old, second, third]) expect(await attrsIn(workers, cookie)).toEqual(DEAD);
  });
}

/**
 * What holds while writes with an old id reach the successor: for a minute, on clocks that may differ.
 *
 * @param first - the process that rotates
 */
export function describeForwarding(group: WorkerGroup, first: number): void {
  it('changes in the other processes that overlap a rotation reach the successor', async () => {
    const workers = group.from(first);
    const [here, ...others] = workers;
    const old = await login(here, { attrs: { count: 0 } });
    const [set, save, update] = await Promise.all([
      others[0].stopped('change', 'before', [{ path: '/set', cookie: old, body: { set: true } }]),
      others[1].loaded([{ path: '/save', cookie: old, body: { saved: true } }]),
      others[2].stopped('change', 'before', requestsOf(old, ['/update/count'])),
    ]);
    const fresh = await rotate(here, old);
    const answers = (await Promise.all([set.goOn(), save.goOn(), update.goOn()])).flat();
    expect(answers).toMatchObject(Array(3).fill({ status: 200, cookie: undefined }));
    expect(await attrsIn(workers, fresh)).toEqual(Array(4).fill({ count: 1, set: true, saved: true }));
    expect(await attrsIn(workers, old)).toEqual(DEAD);
  });

  it('changes reach the session over two rotations', async () => {
    const workers = group.from(first);
    const [here, there, elsewhere] = workers;
    const old = await login(here, { attrs: { count: 0 } });
    const late = await elsewhere.loaded([
      { path: '/set', cookie: old, body: { set: true } },
      { path: '/update/count', cookie: old },
    ]);
    const second = await rotate(here, old);
    const third = await rotate(there, second);
    expect(await late.goOn()).toMatchObject([{ status: 200 }, { status: 200 }]);
    expect(await attrsIn(workers, third)).toEqual(Array(4).fill({ count: 1, set: true }));
    for (const cookie of [old, second]) expect(await attrsIn(workers, cookie)).toEqual(DEAD);
  });
}
