/** Login, visits and logout over a store, with neither Nest nor a network. */
import { createSession, HttpSessionManager, type SessionStore } from 'nestjs-http-session/core';
import { createExchange, credentialsOf } from 'nestjs-http-session/testing';
import assert from 'node:assert/strict';

interface Visits {
  count: number;
}

export async function logInAndOut(store: SessionStore): Promise<void> {
  const manager = new HttpSessionManager({ store });
  const { response } = createExchange();
  await manager.add(createSession<Visits>({ attrs: { count: 0 } }), response);
  const { headers } = credentialsOf(response);

  const visits = [1, 2, 3].map(async () => {
    const session = await manager.get<Visits>(createExchange(headers).request);
    await session?.update('count', (count = 0) => count + 1);
  });
  await Promise.all(visits);

  const logout = createExchange(headers);
  const session = await manager.get<Visits>(logout.request);
  assert.equal(session?.attr('count'), 3);
  await manager.remove(session, logout.response);
  assert.deepEqual(credentialsOf(logout.response).headers, {});
  assert.equal(await manager.get(createExchange(headers).request), undefined);
  await manager.close();
}
