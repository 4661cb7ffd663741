/** A session for tests of an application: stored as a login stores it, without one. */
import type { SessionManager } from '../manager/session.manager.js';
import type { Attributes, ConstAttributes, CreateSessionOptions } from '../session/session.options.js';
import { type AnySession, createSession, Session } from '../session/session.js';
import { createExchange, type Credentials, credentialsOf } from './made-up.exchange.js';

/** What is needed of a Nest application: on Express and on Fastify, and of a `TestingModule`. */
export interface TestApplication {
  get(token: never, options: { strict: boolean }): unknown;
}

/** A stored session, and what a client sends to have it. */
export interface TestSession<A extends object = Attributes, C extends object = ConstAttributes> extends Credentials {
  /** As it was stored. What requests change later is not seen here, but `save` and `update` work. */
  readonly session: Session<A, C>;
}

/**
 * Stores a session by the application's own manager, and tells how a client presents it.
 *
 * ```ts
 * const { cookie } = await createTestSession(app, { constAttrs: { userName: 'a' } });
 * await request(app.getHttpServer()).get('/profile').set('Cookie', cookie).expect(200);
 *
 * const { headers } = await createTestSession(app);
 * await app.inject({ method: 'GET', url: '/profile', headers });
 * ```
 *
 * @param app - an application that was initialised, and imports `SessionModule`
 * @param init - the session, or the options of a new one
 * @param name - of a named session
 * @throws SessionError what `SessionManager.add` rejects with
 */
export async function createTestSession<A extends object = Attributes, C extends object = ConstAttributes>(
  app: TestApplication,
  init?: Session<A, C> | CreateSessionOptions<A, C>,
  name?: string,
): Promise<TestSession<A, C>> {
  // Loaded when it is needed: the rest of this subpath works without Nest.
  const { getSessionManagerToken } = await import('../nest/session.tokens.js');
  const manager = app.get(getSessionManagerToken(name) as never, { strict: false }) as SessionManager;
  const session = init instanceof Session ? init : createAny(init ?? {});
  const { response } = createExchange();
  await manager.add(session, response);
  return { session: session as Session<A, C>, ...credentialsOf(response) };
}

function createAny(options: object): AnySession {
  return createSession(options);
}
