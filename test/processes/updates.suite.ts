/** No change is lost, however many processes make them at once. */
import { expect, it } from 'vitest';
import { attrsIn, login, requestsOf } from '../support/processes/clients.js';
import type { WorkerGroup } from '../support/processes/worker.group.js';

/**
 * @param first - the process that begins
 * @param increments - how many there are, a quarter of them in each process
 */
export function describeIncrements(group: WorkerGroup, first: number, increments: number): void {
  it(`${increments} concurrent increments over four processes make exactly ${increments}`, async () => {
    const workers = group.from(first);
    const cookie = await login(workers[0], { attrs: { count: 0 } });
    const paths = Array.from({ length: increments / 4 }, () => '/update/count');
    // All of them have loaded before any of them updates.
    const waiting = await Promise.all(workers.map((worker) => worker.loaded(requestsOf(cookie, paths))));
    const answers = (await Promise.all(waiting.map((one) => one.goOn()))).flat();
    const counts = new Set(answers.map(({ body }) => (body as { next: number }).next));
    expect(counts.size).toBe(increments);
    expect(await attrsIn(workers, cookie)).toEqual(Array(4).fill({ count: increments }));
  });
}

export function describeAttributes(group: WorkerGroup): void {
  it('200 attributes that requests in four processes set at once all survive', async () => {
    const workers = group.from(0);
    const cookie = await login(workers[0], { attrs: { kept: 'as ever' } });
    const names = Array.from({ length: 200 }, (_, index) => `name-${index}`);
    const requests = names.map((name) => ({ path: '/set', cookie, body: { [name]: name } }));
    const waiting = await Promise.all(
      workers.map((worker, index) => worker.loaded(requests.slice(index * 50, (index + 1) * 50))),
    );
    const answers = (await Promise.all(waiting.map((one) => one.goOn()))).flat();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const all = Object.fromEntries(names.map((name) => [name, name]));
    expect(await attrsIn(workers, cookie)).toEqual(Array(4).fill({ kept: 'as ever', ...all }));
  });
}
