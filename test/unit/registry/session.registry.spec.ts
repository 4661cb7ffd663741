/** The events of a registry: an Observable whose listeners harm nobody. */
import { filter, map, type Observable } from 'rxjs';
import { SessionRegistry, type SessionEvent } from 'nestjs-http-session';
import { beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from '../fixtures/test.server.js';
import { unhandledRejections } from '../fixtures/turns.js';

let server: TestServer;
let events: Observable<SessionEvent>;

beforeEach(() => {
  server = new TestServer();
  ({ events } = new SessionRegistry(server.manager));
});

/** What reaches nobody else, if a process has no handler for it. */
async function uncaught(work: () => Promise<unknown>): Promise<unknown[]> {
  const caught: unknown[] = [];
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => caught.push(error));
  await work();
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.removeAllListeners('uncaughtException');
  for (const other of others) process.on('uncaughtException', other);
  return caught;
}

function throwing(): never {
  throw new Error('the listener failed');
}

describe('the events of a registry', () => {
  it('are told from the moment of subscription on, until it ends', async () => {
    await server.login();
    const heard: string[] = [];
    const subscription = events.subscribe(({ type }) => heard.push(type));
    await server.login();
    subscription.unsubscribe();
    await server.login();
    expect(heard).toEqual(['added']);
  });

  it('go through operators', async () => {
    const heard: unknown[] = [];
    const removals = events.pipe(
      filter((event) => event.type === 'removed'),
      map(({ reason }) => reason),
    );
    removals.subscribe((reason) => heard.push(reason));
    const { session, response } = await server.login();
    await server.manager.remove(session, response);
    expect(heard).toEqual(['logout']);
  });

  it.each<[string, (stream: Observable<SessionEvent>) => void]>([
    ['a function', (stream) => stream.subscribe(throwing)],
    ['an observer', (stream) => stream.subscribe({ next: throwing })],
    ['a function behind operators', (stream) => stream.pipe(map((event) => event.type)).subscribe(throwing)],
    ['an operator', (stream) => stream.pipe(map(throwing)).subscribe()],
    [
      'an operator with an observer for the error',
      (stream) => stream.pipe(map(throwing)).subscribe({ error: throwing }),
    ],
  ])('harm nobody when %s throws, and that is logged', async (_, subscribe) => {
    const heard: string[] = [];
    subscribe(events);
    events.subscribe(({ type }) => heard.push(type));
    const thrown = await uncaught(async () => {
      await server.login();
      await server.login();
    });
    expect(thrown).toEqual([]);
    expect(heard).toEqual(['added', 'added']);
    expect(server.logged('error')[0]).toBe('A listener of session events has thrown an error.');
    expect(JSON.stringify(server.log)).not.toContain('the listener failed');
  });

  it('harm nobody when a listener rejects, and that is logged', async () => {
    // oxlint-disable-next-line typescript/no-misused-promises -- what users do
    events.subscribe(async () => Promise.reject(new Error('the listener failed later')));
    await expect(unhandledRejections(() => server.login())).resolves.toEqual([]);
    expect(server.logged('error')).toEqual(['A listener of session events has thrown an error.']);
  });

  it('wait for no listener that is slow', async () => {
    // oxlint-disable-next-line typescript/no-misused-promises -- what users do
    events.subscribe(() => new Promise(() => undefined));
    await server.login();
    expect(server.memory.size).toBe(1);
  });
});
