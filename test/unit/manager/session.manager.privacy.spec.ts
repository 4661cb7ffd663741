/** No log, no event and no error ever holds an id, a key's secret, a signing secret, or a value. */
import { createSession } from 'nestjs-http-session/core';
import { expect, it } from 'vitest';
import { successorOf } from '../../../src/session/session.id.js';
import { createExchange, credentialsOf, sendHeaders, TestServer } from '../fixtures/test.server.js';
import { turns } from '../fixtures/turns.js';

const VALUE = 'value-hunter2';
const SIGNING_SECRET = 'signing-hunter2';

it('a whole life of sessions leaves nothing of them in logs, events and errors', async () => {
  const server = new TestServer({ cookie: { secrets: [SIGNING_SECRET] }, storeTimeout: 30 });
  const { manager, store, memory, clock } = server;
  const ids: string[] = [];
  const failures: unknown[] = [];
  const note = (error: unknown) => void failures.push(error);

  const first = await server.login({ attrs: { a: VALUE, list: [VALUE] }, constAttrs: { user: VALUE } });
  ids.push(first.session.id);
  const visit = await server.return(first);
  await manager.rotate(visit.session, visit.response);
  ids.push(visit.session.id);
  memory.change(server.key, { set: new Map([['broken', `{"${VALUE}`]]), unset: [], op: 'x' }, clock.now());
  const second = await server.return(visit);
  second.session.attrs();
  await second.session.update('a', () => (() => VALUE) as unknown as string).catch(note);
  await second.session.update('a', () => VALUE.repeat(10_000)).catch(note);

  const driver = Object.assign(new Error(`SET ${VALUE} ${ids.join()}`), { code: 'ECONNRESET', sql: VALUE });
  for (const method of ['get', 'touch', 'add', 'change', 'rename', 'remove', 'purge'] as const) {
    store.intercept(method, () => Promise.reject(driver));
  }
  clock.advance('5m');
  await server.find(visit).catch(note);
  const third = await server.return(visit);
  await third.session.save().catch(note);
  third.session.setAttr('a', `${VALUE}!`);
  await third.session.save().catch(note);
  await manager.rotate(third.session, third.response).catch(note);
  await manager.add(createSession({ attrs: { a: VALUE } }), createExchange().response).catch(note);
  await manager.remove(third.session, third.response).catch(note);
  await manager.purge().catch(note);
  store.intercept('change', () => new Promise(() => undefined));
  await third.session.save().catch(note);
  store.intercept('get', () => ({ broken: 'format 7' }));
  await server.find(visit);

  const late = createExchange(credentialsOf(visit.response).headers);
  Object.assign(late.request, { res: late.response, route: { path: '/late' }, url: `/late?${VALUE}` });
  (await manager.get(late.request))?.setAttr('a', `${VALUE}?`);
  sendHeaders(late.response);
  late.response.emit('close');
  await turns();
  await manager.get(createExchange({ cookie: `__Host-sessid=${ids[0]}.forged` }).request);
  await manager.get(createExchange({ cookie: `__Host-sessid=${VALUE}` }).request);
  await manager.remove(third.session, third.response);
  await third.session.save().catch(note);
  await manager.close();
  await server.find(visit).catch(note);

  expect(failures.length).toBeGreaterThanOrEqual(11);
  expect(new Set(server.events.map(({ type }) => type))).toEqual(
    new Set(['added', 'rotated', 'removed', 'rejected', 'undecodable']),
  );
  expect(new Set(server.log.map(({ level }) => level))).toEqual(new Set(['debug', 'warn', 'error']));
  const told = JSON.stringify([server.log, server.events, failures.map(portrait)]);
  for (const secret of [VALUE, SIGNING_SECRET, 'hunter2', ...ids, ...ids.map((id) => id.split('.')[1] ?? id)]) {
    expect(told).not.toContain(secret);
  }
});

it('what a store knows of a session opens nothing', async () => {
  const server = new TestServer({ renewInterval: '10m' });
  const { session } = await server.login({ principal: 'ann', labels: { device: 'phone' }, attrs: { a: VALUE } });
  const { key, record } = server;
  const [tag = '', secret = ''] = session.id.split('.');
  expect(JSON.stringify([key, { ...record, attrs: [...record.attrs] }])).not.toContain(secret);
  server.clock.advance('10m');
  for (const guess of [
    key,
    `${tag}.${record.handle.repeat(2)}`,
    `${tag}.${record.seed}`,
    successorOf(key, record.seed),
  ]) {
    const { request } = createExchange({ cookie: `__Host-sessid=${guess}` });
    expect(await server.manager.get(request)).toBeUndefined();
  }
  expect(server.ofType('rejected').map(({ reason }) => reason)).toEqual(Array(4).fill('unknown'));
});

/** All of an error that anybody could log. */
function portrait(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  const { message, stack, cause, ...own } = error;
  return { message, stack, cause: cause === undefined ? undefined : portrait(cause), own };
}
