/** All sessions of a principal, wherever they are used: revoked at once, and never more of them than there may be. */
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../support/backends.js';
import { attrsIn, login, requestsOf } from '../support/processes/clients.js';
import type { Four, WorkerGroup } from '../support/processes/worker.group.js';
import type { Answer, WorkerProcess, WorkerRequest } from '../support/processes/worker.process.js';
import { MAX_PER_PRINCIPAL } from '../support/processes/worker/limited.controllers.js';

const DEAD = [null, null, null, null];
const LOGINS = 100;
const LATER_LOGINS = 20;
const CROWD = 20;

/** What is left to the commit goes unsaid; who waits for the store is told. Nobody gets a cookie. */
const REFUSED: Readonly<Record<string, Partial<Answer>>> = {
  '/set': { status: 200, cookie: undefined },
  '/save': { status: 401, cookie: undefined },
  '/update/count': { status: 401, cookie: undefined },
  '/rotate': { status: 401, cookie: undefined },
};

/** @param first - the process that revokes */
export function describeRevocation(group: WorkerGroup, first: number): void {
  /** Sessions of one principal, so many of each process; and one of somebody else. */
  async function logIn(ofEach = 1): Promise<{ principal: string; cookies: string[]; other: string }> {
    const principal = uniqueName('user');
    const workers = group.from(first);
    const who = workers.flatMap((worker) => Array<WorkerProcess>(ofEach).fill(worker));
    const cookies = await Promise.all(who.map((worker) => login(worker, { principal, attrs: { count: 0 } })));
    return { principal, cookies, other: await login(workers[0], { principal: `not ${principal}` }) };
  }

  async function revokeAll(principal: string, sessions = 4): Promise<void> {
    const revoked = await group.from(first)[0].send({ path: `/principals/${principal}/revoke-all` });
    expect(revoked).toMatchObject({ status: 200, body: { ended: sessions } });
  }

  async function expectDead(principal: string, cookies: readonly (string | undefined)[]): Promise<void> {
    const workers = group.from(first);
    const told = cookies.filter((cookie) => cookie !== undefined);
    expect(await Promise.all(told.map((cookie) => attrsIn(workers, cookie)))).toEqual(told.map(() => DEAD));
    expect(await countsIn(workers, principal)).toEqual([0, 0, 0, 0]);
  }

  it('revoking all sessions of a principal is final for requests in the other processes that have loaded them', async () => {
    const [, ...others] = group.from(first);
    const { principal, cookies, other } = await logIn();
    expect(await countsIn(group.from(first), principal)).toEqual([4, 4, 4, 4]);
    const paths = Object.keys(REFUSED);
    const requests = cookies.flatMap((cookie) => requestsOf(cookie, paths, { late: true }));
    const waiting = await Promise.all(others.map((worker) => worker.loaded(requests)));
    await revokeAll(principal);
    const refused = cookies.flatMap(() => Object.values(REFUSED));
    for (const one of waiting) expect(await one.goOn()).toMatchObject(refused);
    await expectDead(principal, cookies);
    expect(await attrsIn(group.from(first), other)).toEqual([{}, {}, {}, {}]);
  });

  it('revoking all sessions of a principal is final for reads, changes and rotations that others have on their way', async () => {
    const [, reader, changer, rotator] = group.from(first);
    const { principal, cookies } = await logIn();
    const [reading, changing, rotating] = await Promise.all([
      reader.stopped('get', 'after', each(cookies, '/look')),
      changer.stopped('change', 'before', each(cookies, '/save', { late: true })),
      rotator.stopped('rename', 'before', each(cookies, '/rotate')),
    ]);
    await revokeAll(principal);
    // They had found their session before.
    expect(await reading.goOn()).toMatchObject(cookies.map(() => ({ body: { session: { attrs: { count: 0 } } } })));
    expect(await changing.goOn()).toMatchObject(cookies.map(() => REFUSED['/save']));
    expect(await rotating.goOn()).toMatchObject(cookies.map(() => REFUSED['/rotate']));
    await expectDead(principal, cookies);
  });

  it('revoking all sessions of a principal leaves none alive that others rotate, change and read at the same time', async () => {
    const [, reader, changer, rotator] = group.from(first);
    const { principal, cookies } = await logIn(8);
    const [reading, changing, rotating] = await Promise.all([
      reader.stopped('get', 'before', each(cookies, '/look')),
      changer.stopped('change', 'before', each(cookies, '/update/count')),
      rotator.stopped('rename', 'before', each(cookies, '/rotate')),
    ]);
    const [rotated] = await Promise.all([
      rotating.goOn(),
      revokeAll(principal, cookies.length),
      reading.goOn(),
      changing.goOn(),
    ]);
    await expectDead(principal, [...cookies, ...rotated.map(({ cookie }) => cookie)]);
  });

  it('who logs in after all sessions were revoked has the only one', async () => {
    const { principal, cookies } = await logIn();
    await revokeAll(principal);
    const fresh = await login(group.from(first)[1], { principal, attrs: { fresh: true } });
    expect(await attrsIn(group.from(first), fresh)).toEqual(Array(4).fill({ fresh: true }));
    expect(await countsIn(group.from(first), principal)).toEqual([1, 1, 1, 1]);
    for (const cookie of cookies) expect(await attrsIn(group.from(first), cookie)).toEqual(DEAD);
  });
}

export function describeLimits(group: WorkerGroup): void {
  /** Every process does its share at the same time. */
  async function sendAtOnce(shareOfEach: readonly WorkerRequest[]): Promise<Answer[]> {
    const waiting = await Promise.all(group.from(0).map((worker) => worker.loaded(shareOfEach)));
    return (await Promise.all(waiting.map((one) => one.goOn()))).flat();
  }

  /** What each process does of so many logins. */
  function shareOf(logins: number, kind: string, principal: string): WorkerRequest[] {
    return Array.from({ length: logins / 4 }, () => ({ path: `/${kind}/login`, body: { principal } }));
  }

  /** Those of the cookies whose session is alive, in all processes alike. */
  async function living(kind: string, answers: readonly Pick<Answer, 'cookie'>[]): Promise<string[]> {
    const cookies = [...new Set(answers.flatMap(({ cookie }) => cookie || []))];
    const views = await Promise.all(
      cookies.map(async (cookie) => {
        const looks = await Promise.all(group.from(0).map((worker) => worker.send({ path: `/${kind}/look`, cookie })));
        return new Set(looks.map(({ body }) => (body as { session: object | null }).session !== null));
      }),
    );
    expect(views.filter((view) => view.size !== 1)).toEqual([]);
    return cookies.filter((_, index) => views[index]?.has(true));
  }

  describe(`with ${MAX_PER_PRINCIPAL} sessions at most`, () => {
    it(`of ${LOGINS} parallel logins of a principal as many come in as may, and the others are refused`, async () => {
      const principal = uniqueName('user');
      const answers = await sendAtOnce(shareOf(LOGINS, 'refusing', principal));
      expect(tallyOf(answers)).toEqual({ 200: MAX_PER_PRINCIPAL, 409: LOGINS - MAX_PER_PRINCIPAL });
      expect(await living('refusing', answers)).toHaveLength(MAX_PER_PRINCIPAL);
      expect(await countsIn(group.from(0), principal, 'refusing')).toEqual(Array(4).fill(MAX_PER_PRINCIPAL));
    });

    it(`of ${LOGINS} parallel logins of a principal all come in, and as many stay as may`, async () => {
      const principal = uniqueName('user');
      const answers = await sendAtOnce(shareOf(LOGINS, 'displacing', principal));
      expect(tallyOf(answers)).toEqual({ 200: LOGINS });
      const staying = await living('displacing', answers);
      expect(staying).toHaveLength(MAX_PER_PRINCIPAL);

      // And again while those that are there are rotated.
      const rotating = each(staying, '/displacing/rotate');
      const later = await sendAtOnce([...shareOf(LATER_LOGINS, 'displacing', principal), ...rotating]);
      const before = staying.map((cookie) => ({ cookie }));
      expect(await living('displacing', [...before, ...later])).toHaveLength(MAX_PER_PRINCIPAL);
      expect(await countsIn(group.from(0), principal, 'displacing')).toEqual(Array(4).fill(MAX_PER_PRINCIPAL));
    });

    // It is for the last place that they race.
    it.each([
      ['refusing', { 200: CROWD * MAX_PER_PRINCIPAL, 409: CROWD * (8 - MAX_PER_PRINCIPAL) }],
      ['displacing', { 200: CROWD * 8 }],
    ])(`of ${CROWD} principals, parallel logins (%s) leave each with as many as may be`, async (kind, tally) => {
      const principals = Array.from({ length: CROWD }, () => uniqueName('user'));
      const answers = await sendAtOnce([1, 2].flatMap(() => principals.flatMap((one) => shareOf(4, kind, one))));
      expect(tallyOf(answers)).toEqual(tally);
      const counts = principals.map((principal) => countsIn(group.from(0), principal, kind));
      expect(await Promise.all(counts)).toEqual(Array(CROWD).fill(Array(4).fill(MAX_PER_PRINCIPAL)));
    });
  });
}

/** How many sessions a principal has, as each process sees it. */
function countsIn(workers: Four<WorkerProcess>, principal: string, name?: string): Promise<unknown[]> {
  const path = `/principals/${principal}/count${name === undefined ? '' : `?of=${name}`}`;
  return Promise.all(workers.map(async (worker) => ((await worker.send({ path })).body as { count: unknown }).count));
}

/** How often there was which status. */
function tallyOf(answers: readonly Answer[]): Record<number, number> {
  const tally: Record<number, number> = {};
  for (const { status } of answers) tally[status] = (tally[status] ?? 0) + 1;
  return tally;
}

/** The same request of several clients. */
function each(cookies: readonly string[], path: string, body?: object): WorkerRequest[] {
  return cookies.flatMap((cookie) => requestsOf(cookie, [path], body));
}
