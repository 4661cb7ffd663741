/**
 * Requests of one session that do everything at once, in random order and with a store whose answers overtake each other,
 * against what must come of it whatever the order is. A failure names its seed.
 */
import { setImmediate } from 'node:timers/promises';
import { defaultCodec, type Session, SessionError, type SessionRecord } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../fixtures/seeded.random.js';
import { TestServer, type Visit } from '../fixtures/test.server.js';

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed);
const ACTIONS = 24;

/** Everything that waits, let through one by one in random order. */
class Shuffle {
  readonly #waiting: (() => void)[] = [];
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets one through, and lets it run as far as it gets. */
  async next(): Promise<void> {
    this.#waiting.splice(this.#random.below(this.#waiting.length), 1)[0]?.();
    await setImmediate();
  }
}

/** A request, and what must come of what it does. It writes two attributes of its own, and two that all share. */
class Actor {
  readonly #name: string;
  readonly #visit: Visit;
  readonly #server: TestServer;
  readonly #pending: Promise<unknown>[] = [];
  #word: string | undefined;
  readonly #list: number[] = [];
  #updates = 0;
  #turns = 0;

  constructor(name: string, visit: Visit, server: TestServer) {
    this.#name = name;
    this.#visit = visit;
    this.#server = server;
  }

  get session(): Session {
    return this.#visit.session;
  }

  get updates(): number {
    return this.#updates;
  }

  get turns(): number {
    return this.#turns;
  }

  /** Does something, and doesn't wait for it. */
  act(random: SeededRandom): void {
    random.pick<() => void>([
      () => this.#setWord(random.pick(['x', 'y', undefined])),
      () => this.#setWord(random.pick(['x', 'y', undefined])),
      () => this.#push(random.below(10)),
      () => this.#start(this.session.save()),
      () => this.#start(this.session.save()),
      () => this.#start(this.session.update('count', plusOne), () => this.#updates++),
      () => this.#start(this.#takeTurn(), () => this.#turns++),
      () => this.#start(this.#server.manager.rotate(this.session, this.#visit.response)),
    ])();
  }

  /** Logs out. From now on the rest may find the session gone. */
  remove(): Promise<void> {
    return this.#server.manager.remove(this.session, this.#visit.response);
  }

  /** What it wrote itself it reads, at any time. */
  check(): void {
    expect(this.session.attr(`word of ${this.#name}`)).toBe(this.#word);
    expect(this.session.attr(`list of ${this.#name}`)).toEqual(this.#list);
  }

  /** What it wrote is in the store. */
  checkIn(record: SessionRecord): void {
    expect(valueIn(record, `word of ${this.#name}`)).toBe(this.#word);
    expect(valueIn(record, `list of ${this.#name}`)).toEqual(this.#list);
  }

  /** Resolves when all it started is done, and committed. */
  async finish(): Promise<void> {
    await Promise.all(this.#pending);
    await this.session.save().catch(passIfGone);
  }

  #setWord(word: string | undefined): void {
    this.#word = word;
    this.session.setAttr(`word of ${this.#name}`, word);
  }

  #push(number: number): void {
    this.#list.push(number);
    (this.session.attr(`list of ${this.#name}`) as number[]).push(number);
  }

  /** Reads and writes in two steps, as only an exclusive one may. */
  #takeTurn(): Promise<void> {
    return this.session.runExclusive(async () => {
      const turn = this.session.attr('turn') as number;
      await setImmediate();
      this.session.setAttr('turn', turn + 1);
    });
  }

  #start(work: Promise<unknown>, done?: () => void): void {
    this.#pending.push(work.then(done).catch(passIfGone));
  }
}

function plusOne(count: number): number {
  return count + 1;
}

/** Only a session that was removed is gone: the tests without a removal miss what was lost by it. */
function passIfGone(error: unknown): void {
  if (!(error instanceof SessionError && error.code === 'SESSION_GONE')) throw error;
}

function valueIn({ attrs }: SessionRecord, name: string): unknown {
  const text = attrs.get(name);
  return text === undefined ? undefined : defaultCodec.decode(text);
}

/** One session, one to three requests of it, and a store that answers when the shuffle lets it. */
class Game {
  readonly #random: SeededRandom;
  readonly #shuffle: Shuffle;
  readonly #server = new TestServer();
  readonly actors: Actor[] = [];

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    this.#shuffle = new Shuffle(this.#random);
  }

  async begin(): Promise<void> {
    const names = ['A', 'B', 'C'].slice(0, 1 + this.#random.below(3));
    const lists = Object.fromEntries(names.map((name) => [`list of ${name}`, []]));
    const first = await this.#server.login({ attrs: { count: 0, turn: 0, ...lists } });
    for (const name of names) this.actors.push(new Actor(name, await this.#server.return(first), this.#server));
    for (const method of ['get', 'change', 'rename', 'remove'] as const) {
      this.#server.store.intercept(method, (proceed) => this.#delayed(proceed as () => never), Infinity);
    }
  }

  /** Lets the requests act, and the store answer, one thing after another. */
  async play(actions: number): Promise<void> {
    for (let left = actions; left > 0;) {
      if (!this.#shuffle.isEmpty && this.#random.below(3) > 0) await this.#shuffle.next();
      else {
        this.#anyActor().act(this.#random);
        left--;
        await setImmediate();
      }
      for (const actor of this.actors) actor.check();
    }
  }

  /** Lets everything come to its end, `work` too. */
  async end(work?: Promise<void>): Promise<void> {
    let over = false;
    const done = Promise.all([work, ...this.actors.map((actor) => actor.finish())]).finally(() => (over = true));
    while (!over) await this.#shuffle.next();
    await done;
  }

  remove(): Promise<void> {
    return this.#anyActor().remove();
  }

  /** What the store has at last. */
  get record(): SessionRecord | undefined {
    const { memory, clock, key } = this.#server;
    let found = memory.get(key, clock.now());
    while (found && 'successor' in found) found = memory.get(found.successor, clock.now());
    return found && 'record' in found ? found.record : undefined;
  }

  #anyActor(): Actor {
    return this.#random.pick(this.actors as [Actor, ...Actor[]]);
  }

  async #delayed(proceed: () => never): Promise<never> {
    await this.#shuffle.wait();
    const answer = proceed();
    await this.#shuffle.wait();
    return answer;
  }
}

describe('requests of one session that overlap in every way', () => {
  it.each(SEEDS)('lose nothing, and read what they wrote (seed %i)', async (seed) => {
    const game = new Game(seed);
    await game.begin();
    await game.play(ACTIONS);
    await game.end();
    const { actors, record } = game;
    if (!record) throw new Error('the session is gone');
    for (const actor of actors) {
      actor.check();
      actor.checkIn(record);
    }
    expect(valueIn(record, 'count')).toBe(actors.reduce((sum, { updates }) => sum + updates, 0));
    expect(valueIn(record, 'turn')).toBe(actors.reduce((sum, { turns }) => sum + turns, 0));
  });

  it.each(SEEDS)('leave nothing when one of them removes it (seed %i)', async (seed) => {
    const game = new Game(seed);
    await game.begin();
    await game.play(ACTIONS / 2);
    const removed = game.remove();
    await game.play(ACTIONS / 2);
    await game.end(removed);
    expect(game.record).toBeUndefined();
  });
});
