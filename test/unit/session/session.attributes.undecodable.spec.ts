/** Promise 10 for a single attribute: text that can't be read is reported, counts as absent, and stays where it is. */
import { beforeEach, describe, expect, it } from 'vitest';
import { TestServer, type Visit } from '../fixtures/test.server.js';

const BROKEN_TEXT = '{"password":"hunter2';

let server: TestServer;
let first: Visit;
let visit: Visit;

beforeEach(async () => {
  server = new TestServer();
  first = await server.login({ attrs: { fine: 1 }, constAttrs: { user: 'Ann' } });
  server.memory.change(server.key, { set: new Map([['broken', BROKEN_TEXT]]), unset: [], op: 'x' }, server.clock.now());
  visit = await server.return(first);
});

describe('an attribute whose text can not be read', () => {
  it('counts as absent', () => {
    expect(visit.session.attr('broken')).toBeUndefined();
    expect(visit.session.attrs()).toStrictEqual({ fine: 1 });
  });

  it('is reported by name, and without its text', () => {
    expect(server.ofType('undecodable')).toEqual([]);
    visit.session.attr('broken');
    expect(server.ofType('undecodable')).toHaveLength(1);
    expect(server.ofType('undecodable')[0]?.what).toContain('"broken"');
    expect(server.logged('warn')).toHaveLength(1);
    expect(server.logged('warn')[0]).toContain('"broken"');
    expect(JSON.stringify([server.log, server.events])).not.toContain('hunter2');
  });

  it('is not reported while nobody asks for it', async () => {
    visit.session.attr('fine');
    visit.session.setAttr('more', 2);
    await visit.session.save();
    expect(server.ofType('undecodable')).toEqual([]);
  });

  it('is left as it is by a commit, read or not', async () => {
    visit.session.attr('broken');
    visit.session.attrs();
    visit.session.setAttr('fine', 2);
    await visit.session.save();
    expect(server.record.attrs.get('broken')).toBe(BROKEN_TEXT);
  });

  it('can be set anew', async () => {
    visit.session.setAttr('broken', 'mended');
    await visit.session.save();
    expect((await server.return(first)).session.attr('broken')).toBe('mended');
  });

  it('can be deleted', async () => {
    visit.session.setAttr('broken', undefined);
    await visit.session.save();
    expect(server.record.attrs.has('broken')).toBe(false);
  });

  it('is updated from nothing', async () => {
    await expect(visit.session.update('broken', (current?: number) => (current ?? 0) + 1)).resolves.toBe(1);
    expect((await server.return(first)).session.attr('broken')).toBe(1);
  });
});

describe('constant attributes that can not be read', () => {
  it.each([
    ['as a whole', 'not JSON'],
    ['since they are no texts', '{"user":5}'],
    ['one of them', JSON.stringify({ user: BROKEN_TEXT })],
  ])('%s count as absent, and are reported', async (_, consts) => {
    const { record } = server;
    server.store.intercept('get', () => ({ record: { ...record, consts } }));
    const { session } = await server.return(first);
    expect(session.constAttr('user')).toBeUndefined();
    expect(session.constAttrs()).toStrictEqual({});
    expect(server.ofType('undecodable')).toHaveLength(1);
    expect(session.attr('fine')).toBe(1);
  });
});

describe('a record that can not be read', () => {
  it('is no session, is reported without its content, and stays', async () => {
    server.store.intercept('get', () => ({ broken: 'unknown format 7' }));
    await expect(server.find(first)).resolves.toBeUndefined();
    expect(server.ofType('undecodable')).toHaveLength(1);
    expect(server.ofType('rejected')).toEqual([]);
    await expect(server.find(first)).resolves.toBeDefined();
  });
});
