import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PurgeTimer } from '../../../../src/store/sql/purge.timer.js';
import { Log } from '../../../e2e/harness.js';
import { Barrier } from '../../../support/barrier.js';

const INTERVAL = 1_000;

describe('PurgeTimer', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('does nothing before it is started', async () => {
    const purge = vi.fn(() => Promise.resolve());
    const timer = new PurgeTimer(INTERVAL, purge);
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(purge).not.toHaveBeenCalled();
    await timer.stop();
  });

  it('purges about once an interval, but once for however many have started it', async () => {
    const purge = vi.fn(() => Promise.resolve());
    const timer = new PurgeTimer(INTERVAL, purge);
    for (let starts = 0; starts < 3; starts++) timer.start(new Log());
    await vi.advanceTimersByTimeAsync(100 * INTERVAL);
    expect(purge.mock.calls.length).toBeGreaterThanOrEqual(66);
    expect(purge.mock.calls.length).toBeLessThanOrEqual(200);
    await timer.stop();
  });

  it.each([
    [0, 500],
    [0.5, 1_000],
    [0.9, 1_400],
  ])('doesn’t purge when all others do: drawing %d it waits %d ms', async (drawn, wait) => {
    vi.spyOn(Math, 'random').mockReturnValue(drawn);
    const purge = vi.fn(() => Promise.resolve());
    const timer = new PurgeTimer(INTERVAL, purge);
    timer.start(new Log());
    await vi.advanceTimersByTimeAsync(wait - 1);
    expect(purge).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(purge).toHaveBeenCalledOnce();
    await timer.stop();
  });

  it('waits no longer than timers can', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.9);
    const purge = vi.fn(() => Promise.resolve());
    const timer = new PurgeTimer(2 ** 31 - 1, purge);
    timer.start(new Log());
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(purge).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(purge).toHaveBeenCalledOnce();
    await timer.stop();
  });

  it('lets one purge end before the next, and before it has stopped', async () => {
    const barrier = new Barrier();
    const purge = vi.fn(() => barrier.pass());
    const timer = new PurgeTimer(INTERVAL, purge);
    timer.start(new Log());
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(purge).toHaveBeenCalledOnce();
    const stopped = vi.fn();
    const stopping = timer.stop().then(stopped);
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(stopped).not.toHaveBeenCalled();
    barrier.open();
    await stopping;
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(purge).toHaveBeenCalledOnce();
  });

  it('says once that it fails, again when it fails after it worked, and nothing of the error', async () => {
    const outcomes = [false, false, true, false];
    const timer = new PurgeTimer(INTERVAL, () =>
      outcomes.shift() === false ? Promise.reject(new Error('secret')) : Promise.resolve(),
    );
    const log = new Log();
    timer.start(log);
    await vi.advanceTimersByTimeAsync(20 * INTERVAL);
    expect(log.warnings).toHaveLength(2);
    expect(log.warnings.join()).not.toContain('secret');
    await timer.stop();
  });

  it('can’t be started again', async () => {
    const purge = vi.fn(() => Promise.resolve());
    const timer = new PurgeTimer(INTERVAL, purge);
    await timer.stop();
    timer.start(new Log());
    await vi.advanceTimersByTimeAsync(10 * INTERVAL);
    expect(purge).not.toHaveBeenCalled();
  });
});
