/** A process that is killed in the middle of its writes. */
import { expect, it, onTestFinished } from 'vitest';
import { attrsIn, login } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';

const MINUTE = 60_000;
const OLD = { one: 'old', two: 'old' };
const NEW = { one: 'new', two: 'new', three: 'new' };

export function describeDeath(group: WorkerGroup): void {
  it('a process that is killed in the middle of its writes leaves each session as it was, or as it was to be', async () => {
    const workers = group.from(0);
    const [here, there] = workers;
    const newSessions = () => Promise.all(Array.from({ length: 5 }, () => login(here, { attrs: OLD })));
    const [changed, rotated, removed] = [await newSessions(), await newSessions(), await newSessions()];
    // Under which id a rotated one lives on, nobody was told: but requests that had loaded it reach it.
    const knowing = await there.loaded(rotated.map((cookie) => ({ path: '/update/reached', cookie })));
    const doomed = await group.startAnother();
    const dying = await doomed.loaded([
      ...changed.map((cookie) => ({ path: '/set', cookie, body: NEW })),
      ...rotated.map((cookie) => ({ path: '/rotate', cookie })),
      ...removed.map((cookie) => ({ path: '/logout', cookie })),
    ]);
    await doomed.dieAtNextWrite();
    await expect(dying.goOn()).rejects.toThrow();
    await doomed.end();

    expect(await knowing.goOn()).toMatchObject(Array(5).fill({ status: 200, body: { next: 1 } }));
    onTestFinished(() => group.shiftClocks(0, 0, 0, 0));
    // Longer than a cache is trusted.
    await group.shiftClocks(MINUTE, MINUTE, MINUTE, MINUTE);
    const views = async (cookies: string[]) =>
      (await Promise.all(cookies.map((cookie) => attrsIn(workers, cookie)))).flat();
    const all = [await views(changed), await views(rotated), await views(removed)] as const;
    for (const attrs of all[0]) expect([OLD, NEW]).toContainEqual(attrs);
    for (const attrs of all[1]) expect([{ ...OLD, reached: 1 }, null]).toContainEqual(attrs);
    for (const attrs of all[2]) expect([OLD, null]).toContainEqual(attrs);
    // The one whose answer killed it, at least.
    expect(all.flat()).toEqual(
      expect.arrayContaining([expect.toSatisfy((attrs: object | null) => attrs === null || 'three' in attrs)]),
    );
  });
}
