/** What a process that writes later knows of sessions, and for how long. */
import { describe, expect, it } from 'vitest';
import { FollowedSessions } from '../../../../src/store/tiered/followed.sessions.js';
import { recordOf } from '../../fixtures/record.js';

const record = recordOf({ handle: 'handle' });

describe('a session that is renamed again and again', () => {
  it('is found under its last keys, and no more than that', () => {
    const sessions = new FollowedSessions(10);
    const session = sessions.follow('abcd.0', record, 0);
    for (let turn = 1; turn <= 100; turn++) sessions.moved(session, `abcd.${turn}`, turn);
    expect(session.keys.size).toBeLessThanOrEqual(10);
    expect(sessions.find('abcd.0')).toBeUndefined();
    for (const key of ['abcd.100', 'abcd.99', 'abcd.95']) expect(sessions.find(key)).toBe(session);
  });

  it('is found under the key where it lies again', () => {
    const sessions = new FollowedSessions(10);
    const session = sessions.follow('abcd.0', record, 0);
    for (let turn = 1; turn <= 7; turn++) sessions.moved(session, `abcd.${turn}`, turn);
    sessions.moved(session, 'abcd.0', 8);
    sessions.moved(session, 'abcd.8', 9);
    expect(sessions.find('abcd.0')).toBe(session);
  });
});

describe('a session that is gone', () => {
  it('takes none with it that came to be followed since, when that is heard of again', () => {
    const sessions = new FollowedSessions(10);
    const gone = sessions.follow('abcd.old', record, 0);
    sessions.forget(gone);
    const session = sessions.follow('abcd.new', record, 1);
    sessions.forget(gone);
    expect(sessions.ofHandle('handle')).toBe(session);
    expect(sessions.find('abcd.new')).toBe(session);
    expect(sessions.ofTag('abcd')).toEqual([session]);
  });
});

describe('no more sessions are followed than may be', () => {
  it('and those go first that were used longest ago and have nothing pending', () => {
    const sessions = new FollowedSessions(2);
    const [first, second, third] = ['first', 'second', 'third'].map((handle) => recordOf({ handle }));
    if (!first || !second || !third) throw new Error('three are needed');
    sessions.follow('abcd.first', first, 1).touch(1);
    sessions.follow('abcd.second', second, 2);
    sessions.follow('abcd.third', third, 3);
    expect([first, second, third].map(({ handle }) => sessions.ofHandle(handle)?.handle)).toEqual([
      'first',
      undefined,
      'third',
    ]);
    expect(sessions.find('abcd.second')).toBeUndefined();
  });
});
