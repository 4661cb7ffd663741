/** Every call of a store ends in time, and its failures are ours to tell: without what drivers put into theirs. */
import { SessionError } from 'nestjs-http-session/core';
import { stat } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StoreGate } from '../../../src/store/store.gate.js';
import { errorOf, sessionErrorOf } from '../fixtures/session.error.js';
import { TestServer } from '../fixtures/test.server.js';
import { unhandledRejections } from '../fixtures/turns.js';

const TIMEOUT = 2_000;

let log: { warn: string[]; error: string[] };
let gate: StoreGate;

beforeEach(() => {
  log = { warn: [], error: [] };
  gate = new StoreGate(TIMEOUT, {
    debug: () => undefined,
    warn: (text: string) => void log.warn.push(text),
    error: (text: string) => void log.error.push(text),
  });
});

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}

describe('a call that is answered', () => {
  it('at once is answered at once, without a promise', () => {
    expect(gate.run(() => 'answer')).toBe('answer');
  });

  it('later is answered later', async () => {
    await expect(gate.run(() => Promise.resolve('answer'))).resolves.toBe('answer');
  });

  it('by something that is like a promise is answered', async () => {
    const promise = Promise.resolve('answer');
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    const thenable: PromiseLike<string> = { then: (...settle) => promise.then(...settle) };
    await expect(gate.run(() => thenable)).resolves.toBe('answer');
  });
});

describe('a driver’s error', () => {
  const SECRET = 'hunter2';

  class DriverError extends Error {
    override readonly name = 'DriverError';
    readonly sql = `INSERT ${SECRET}`;
  }

  function driverError(code?: unknown): Error {
    const error = new DriverError(`could not SET ${SECRET}`, { cause: new Error(SECRET) });
    return code === undefined ? error : Object.assign(error, { code });
  }

  it.each<[string, unknown, string]>([
    ['class', driverError(), '(DriverError)'],
    ['class and code', driverError('ECONNREFUSED'), '(DriverError ECONNREFUSED)'],
    ['class, not a code that is no word', driverError(`duplicate key (${SECRET})`), '(DriverError)'],
    ['nothing, if its class is no word', Object.assign(driverError(), { name: `SET ${SECRET}` }), '(Error)'],
    ['class, not a code that is no text', driverError({ value: SECRET }), '(DriverError)'],
    ['class, not a code that is too long', driverError(SECRET.repeat(20)), '(DriverError)'],
    ['type, if it is a text', SECRET, '(string)'],
    ['type, if it is an object', { message: SECRET }, '(object)'],
    ['type, if it is nothing', undefined, '(undefined)'],
  ])('is told by its %s, thrown or rejected with', async (_, thrown, told) => {
    const failures = [
      sessionErrorOf(() =>
        gate.run(() => {
          throw thrown;
        }),
      ),
      await Promise.resolve(gate.run(() => Promise.reject(thrown as Error))).catch((error: unknown) => error),
      await gate.runUnbounded(() => Promise.reject(thrown as Error)).catch((error: unknown) => error),
    ];
    for (const failure of failures) {
      expect(failure).toEqual(errorOf('STORE_FAILED', told));
      const { message, stack, cause } = failure as Error;
      expect(cause).toBeUndefined();
      expect(JSON.stringify([message, stack, failure, log])).not.toContain(SECRET);
    }
  });

  it('is passed on if it is a SessionError: a store of ours knows what to say', async () => {
    const error = new SessionError('STORE_FULL', 'no room');
    await expect(gate.run(() => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('what is logged', () => {
  const fails = () => Promise.resolve(gate.run(() => Promise.reject(new Error('down')))).catch(() => undefined);

  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is said once when the store begins to fail, and once when it answers again', async () => {
    for (let call = 0; call < 10; call++) await fails();
    expect([log.error.length, log.warn.length]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1_000);
    for (let call = 0; call < 10; call++) await gate.run(() => Promise.resolve(1));
    expect([log.error.length, log.warn.length]).toEqual([1, 1]);
    await fails();
    expect([log.error.length, log.warn.length]).toEqual([2, 1]);
    await vi.advanceTimersByTimeAsync(1_000);
    gate.run(() => 'at once');
    expect([log.error.length, log.warn.length]).toEqual([2, 2]);
  });

  it('is said once of a store that answers some calls and fails others', async () => {
    for (let call = 0; call < 10; call++) {
      await fails();
      gate.run(() => 'a read');
      await vi.advanceTimersByTimeAsync(500);
    }
    expect([log.error.length, log.warn.length]).toEqual([1, 0]);
  });

  it('is nothing while the store answers', async () => {
    await gate.run(() => Promise.resolve(1));
    gate.run(() => 1);
    expect(log).toEqual({ warn: [], error: [] });
  });
});

describe('a call that is not answered', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** What became of a call so far. */
  function outcomeOf(call: () => Promise<unknown>): { is: unknown } {
    const outcome = { is: 'open' as unknown };
    Promise.resolve(gate.run(call)).then(
      (value) => (outcome.is = value),
      (error: unknown) => (outcome.is = error),
    );
    return outcome;
  }

  it('ends after storeTimeout, neither sooner nor much later', async () => {
    const outcome = outcomeOf(never);
    await vi.advanceTimersByTimeAsync(TIMEOUT - 1);
    expect(outcome.is).toBe('open');
    await vi.advanceTimersByTimeAsync(2);
    expect(outcome.is).toEqual(errorOf('STORE_TIMEOUT', '2000 ms', 'may have happened'));
    expect(outcome.is).toMatchObject({ status: 503 });
  });

  it('is waited for again, if the process itself stood still while the answer came', async () => {
    vi.useRealTimers();
    const hasty = new StoreGate(20, { debug: () => undefined, warn: () => undefined, error: () => undefined });
    const answer = hasty.run(() => stat('.'));
    const until = performance.now() + 200;
    while (performance.now() < until);
    expect((await answer).isDirectory()).toBe(true);
    await expect(hasty.run(never)).rejects.toThrow(errorOf('STORE_TIMEOUT'));
  });

  it('ends after its own time, whenever others began', async () => {
    const first = outcomeOf(never);
    await vi.advanceTimersByTimeAsync(1_500);
    const second = outcomeOf(never);
    await vi.advanceTimersByTimeAsync(501);
    expect([first.is instanceof SessionError, second.is]).toEqual([true, 'open']);
    await vi.advanceTimersByTimeAsync(1_498);
    expect(second.is).toBe('open');
    await vi.advanceTimersByTimeAsync(2);
    expect(second.is).toBeInstanceOf(SessionError);
  });

  it('shares one timer with all the others', async () => {
    for (let call = 0; call < 1_000; call++) outcomeOf(never);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves calls that are answered alone', async () => {
    const slow = outcomeOf(() => new Promise((resolve) => setTimeout(() => resolve('answer'), TIMEOUT - 1)));
    outcomeOf(never);
    await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
    expect(slow.is).toBe('answer');
  });

  it('and is answered late keeps its timeout: a store that is slow is not back', async () => {
    const outcome = outcomeOf(() => new Promise((resolve) => setTimeout(() => resolve('late'), 5_000)));
    await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
    expect([log.error.length, log.warn.length]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(outcome.is).toEqual(errorOf('STORE_TIMEOUT'));
    expect([log.error.length, log.warn.length]).toEqual([1, 0]);
  });

  it('does end if it may take as long as it likes, when it is answered', async () => {
    const unbounded = gate.runUnbounded(() => new Promise((resolve) => setTimeout(() => resolve('done'), 600_000)));
    await vi.advanceTimersByTimeAsync(600_000);
    await expect(unbounded).resolves.toBe('done');
  });

  describe('five times in a row', () => {
    let asked: number;

    /** Like `outcomeOf`, with a store that never answers, counting. */
    function ask(answer: () => Promise<unknown> = never): { is: unknown } {
      const outcome = { is: 'open' as unknown };
      const note = (error: unknown) => void (outcome.is = error);
      try {
        Promise.resolve(gate.run(() => (asked++, answer()))).then((value) => (outcome.is = value), note);
      } catch (error) {
        note(error);
      }
      return outcome;
    }

    async function timeOut(times: number): Promise<void> {
      for (let call = 0; call < times; call++) ask();
      await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
    }

    beforeEach(() => void (asked = 0));

    it('makes the gate refuse at once, without asking the store', async () => {
      await timeOut(5);
      const outcome = ask();
      await vi.advanceTimersByTimeAsync(0);
      expect(outcome.is).toEqual(errorOf('STORE_FAILED', '5 times in a row'));
      expect(asked).toBe(5);
    });

    it('and no less', async () => {
      await timeOut(4);
      ask();
      expect(asked).toBe(5);
    });

    it('and not with an answer in between, be it a failure', async () => {
      await timeOut(4);
      ask(() => Promise.reject(new Error('down')));
      await vi.advanceTimersByTimeAsync(0);
      await timeOut(4);
      ask();
      expect(asked).toBe(10);
    });

    it('lets one call through each second, to see whether the store is back', async () => {
      await timeOut(5);
      await vi.advanceTimersByTimeAsync(998);
      ask();
      expect(asked).toBe(5);
      await vi.advanceTimersByTimeAsync(2);
      for (let call = 0; call < 100; call++) ask();
      expect(asked).toBe(6);
      await vi.advanceTimersByTimeAsync(1_001);
      for (let call = 0; call < 100; call++) ask();
      expect(asked).toBe(7);
    });

    it('lets all calls through again once one was answered', async () => {
      await timeOut(5);
      await vi.advanceTimersByTimeAsync(1_000);
      const probe = ask(() => Promise.resolve('back'));
      await vi.advanceTimersByTimeAsync(0);
      expect(probe.is).toBe('back');
      for (let call = 0; call < 100; call++) ask(() => Promise.resolve('back'));
      expect(asked).toBe(106);
      await vi.advanceTimersByTimeAsync(0);
      expect([log.error.length, log.warn.length]).toEqual([1, 1]);
    });

    it('lets all calls through again once one of them was answered late', async () => {
      let answer: (value: string) => void = () => undefined;
      ask(() => new Promise((resolve) => (answer = resolve)));
      await timeOut(4);
      answer('late');
      await vi.advanceTimersByTimeAsync(0);
      ask();
      expect(asked).toBe(6);
    });

    it('refuses for another second if that one is not answered either', async () => {
      await timeOut(5);
      await vi.advanceTimersByTimeAsync(1_000);
      ask();
      await vi.advanceTimersByTimeAsync(TIMEOUT + 1);
      ask();
      expect(asked).toBe(6);
      await vi.advanceTimersByTimeAsync(1_000);
      ask();
      expect(asked).toBe(7);
    });
  });
});

it('waiting for an answer keeps no process alive', () => {
  const alive = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = alive();
  Promise.resolve(gate.run(never)).catch(() => undefined);
  expect(alive()).toBe(before);
});

it('a call that fails behind its timeout is no unhandled rejection', async () => {
  gate = new StoreGate(5, { debug: () => undefined, warn: () => undefined, error: () => undefined });
  const late = () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 20));
  const unhandled = await unhandledRejections(async () => {
    await expect(gate.run(late)).rejects.toThrow(errorOf('STORE_TIMEOUT'));
    await new Promise((resolve) => setTimeout(resolve, 40));
  });
  expect(unhandled).toEqual([]);
});

describe('once it is closed', () => {
  it('the gate refuses every call, and asks nothing', () => {
    let asked = false;
    void gate.close(() => undefined);
    expect(() => gate.run(() => (asked = true))).toThrow(errorOf('MANAGER_CLOSED'));
    expect(asked).toBe(false);
  });

  it('calls on their way are answered', async () => {
    const answered = gate.run(() => Promise.resolve('answer'));
    void gate.close(() => undefined);
    await expect(answered).resolves.toBe('answer');
  });
});

it('a store that always answers too late is not asked any more, and that is said once', async () => {
  vi.useFakeTimers();
  let asked = 0;
  const late = () => new Promise((resolve) => setTimeout(resolve, TIMEOUT + 500, ++asked));
  const ask = async () => {
    const failed = Promise.resolve()
      .then(() => gate.run(late))
      .catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(TIMEOUT);
    return failed;
  };
  for (let i = 0; i < 5; i++) await expect(ask()).resolves.toEqual(errorOf('STORE_TIMEOUT'));
  expect(() => gate.run(late)).toThrow(errorOf('STORE_FAILED'));
  expect(asked).toBe(5);
  expect([log.error.length, log.warn.length]).toEqual([1, 0]);
  vi.useRealTimers();
});

it('a purge after the close is refused', async () => {
  await gate.close(() => undefined);
  await expect(gate.runUnbounded(() => 'purged')).rejects.toThrow(errorOf('MANAGER_CLOSED'));
});

it('a logger that throws takes no request with it', async () => {
  const fail = () => {
    throw new Error('the disk is full');
  };
  const server = new TestServer({ logger: { debug: fail, warn: fail, error: fail } });
  const first = await server.login();
  server.store.intercept('get', () => Promise.reject(new Error('down')));
  await expect(server.return(first)).rejects.toThrow(errorOf('STORE_FAILED'));
  await expect(server.return(first)).resolves.toBeDefined();
});
