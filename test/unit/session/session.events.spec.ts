/** Events tell whoever listens, and whoever listens can't harm what happens. */
import { type SessionEvent } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { SessionEvents } from '../../../src/session/session.events.js';
import { unhandledRejections } from '../fixtures/turns.js';

const ADDED: SessionEvent = { type: 'added', handle: 'h' };

describe('an event', () => {
  it('reaches every listener, in the order in which they subscribed', () => {
    const events = new SessionEvents();
    const heard: string[] = [];
    events.subscribe(({ type }) => heard.push(`first ${type}`));
    events.subscribe(({ type }) => heard.push(`second ${type}`));
    events.emit(ADDED);
    expect(heard).toEqual(['first added', 'second added']);
  });

  it('reaches nobody who unsubscribed, and unsubscribing twice harms nothing', () => {
    const events = new SessionEvents();
    const heard: SessionEvent[] = [];
    const unsubscribe = events.subscribe((event) => heard.push(event));
    events.emit(ADDED);
    unsubscribe();
    unsubscribe();
    events.emit(ADDED);
    expect(heard).toEqual([ADDED]);
  });

  it('reaches the others when a listener throws', () => {
    const events = new SessionEvents();
    const heard: SessionEvent[] = [];
    events.subscribe(() => {
      throw new Error('the listener failed');
    });
    events.subscribe((event) => heard.push(event));
    expect(() => events.emit(ADDED)).not.toThrow();
    expect(heard).toEqual([ADDED]);
  });

  it('reaches the others when a listener unsubscribes while it listens', () => {
    const events = new SessionEvents();
    const heard: string[] = [];
    const unsubscribe = events.subscribe(() => {
      heard.push('once');
      unsubscribe();
    });
    events.subscribe(() => heard.push('always'));
    events.emit(ADDED);
    events.emit(ADDED);
    expect(heard).toEqual(['once', 'always', 'always']);
  });

  it('is no unhandled rejection when a listener is asynchronous and fails', async () => {
    const events = new SessionEvents();
    // oxlint-disable-next-line typescript/no-misused-promises -- what users do
    events.subscribe(async () => Promise.reject(new Error('the listener failed later')));
    await expect(unhandledRejections(async () => events.emit(ADDED))).resolves.toEqual([]);
  });
});
