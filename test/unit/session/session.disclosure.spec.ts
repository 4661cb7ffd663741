/** What of a session ends up in logs and responses without anybody meaning it to: never the id, and in logs no values. */
import { format, inspect } from 'node:util';
import { createSession, type Session } from 'nestjs-http-session/core';
import { describe, expect, it } from 'vitest';
import { TestServer } from '../fixtures/test.server.js';

const SECRET = 'hunter2';
const INIT = {
  principal: SECRET,
  labels: { device: SECRET },
  attrs: { token: SECRET, deep: { token: SECRET } },
  constAttrs: { user: SECRET },
};

const MADE: [string, () => Promise<Session>][] = [
  ['created', async () => createSession(INIT)],
  ['added', async () => (await new TestServer().login(INIT)).session],
  ['loaded', async () => {
    const server = new TestServer();
    return (await server.return(await server.login(INIT))).session;
  }], // prettier-ignore
];

describe.each(MADE)('a session that was %s', (how, make) => {
  it('leaves the id out of its JSON, and nothing else', async () => {
    const session = await make();
    const json = JSON.parse(JSON.stringify(session)) as object;
    expect(JSON.stringify(json)).not.toContain(session.id);
    expect(JSON.stringify(json)).not.toContain(session.id.split('.')[1]);
    expect(json).toEqual({
      handle: session.handle,
      principal: SECRET,
      labels: { device: SECRET },
      authenticated: session.authenticated.toISOString(),
      isNew: how !== 'loaded',
      created: session.created.toISOString(),
      accessed: session.accessed.toISOString(),
      timeout: session.timeout,
      expires: session.expires.toISOString(),
      attrs: INIT.attrs,
      constAttrs: INIT.constAttrs,
    });
  });

  it.each<[string, (session: Session) => string]>([
    ['util.inspect', (session) => inspect(session)],
    ['util.inspect of all there is', (session) => inspect(session, { showHidden: true, depth: null, getters: true })],
    ['util.inspect without customs', (session) => inspect(session, { customInspect: false, showHidden: true })],
    ['util.inspect of an object around it', (session) => inspect({ request: { session } }, { depth: null })],
    ['console.log', (session) => format('%o %s %O', session, session, session)],
    ['a template', (session) => `${session as unknown as string}`],
  ])('shows neither id nor values to %s', async (_, show) => {
    const session = await make();
    const shown = show(session);
    expect(shown).not.toContain(session.id);
    expect(shown).not.toContain(session.id.split('.')[1]);
    expect(shown).not.toContain(SECRET);
  });

  it('shows its handle, the names of its attributes and its times to util.inspect', async () => {
    const session = await make();
    const shown = inspect(session);
    for (const word of [
      session.handle,
      'Session',
      'isNew',
      'created',
      'accessed',
      'timeout',
      'expires',
      'token',
      'deep',
      'user',
    ]) {
      expect(shown).toContain(word);
    }
  });

  it('has no property that a spread or a clone would copy', async () => {
    const session = await make();
    expect(Reflect.ownKeys(session)).toEqual([]);
    expect(Object.assign({}, session)).toEqual({});
  });
});
