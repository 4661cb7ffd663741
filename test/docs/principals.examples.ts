/** What the examples of docs/principals.md are to do, by their name. */
import type { Server } from 'node:http';
import { expect, vi } from 'vitest';
import type { CookieClient } from '../support/cookie.client.js';

type Check = (client: CookieClient) => Promise<void>;

interface Listed {
  readonly handle: string;
  readonly isCurrent: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

const ANN = { userId: 'ann', password: 'a' };

const status = async (response: Promise<Response>) => (await response).status;
const json = async <T>(response: Promise<Response>) => (await response).json() as Promise<T>;

export const PRINCIPALS: Record<string, Check> = {
  async principal(client) {
    const [phone, tablet] = [client.copy(), client.copy()];
    expect(await status(client.post('/login', { ...ANN, password: 'b' }))).toBe(401);
    expect(await status(client.get('/sessions'))).toBe(401);
    await client.post('/login', ANN, { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Firefox/150.0' });
    for (const other of [phone, tablet]) await other.post('/login', ANN);
    const listed = await json<Listed[]>(client.get('/sessions'));
    expect(listed.filter(({ isCurrent }) => isCurrent).map(({ labels }) => labels)).toEqual([{ device: 'Firefox' }]);
    const others = listed.filter(({ isCurrent }) => !isCurrent);
    expect(others.map(({ labels }) => labels['device'])).toEqual(['another browser', 'another browser']);
    const end = `/sessions/${others[0]?.handle}/end`;
    expect([await status(client.post(end)), await status(client.post(end))]).toEqual([201, 404]);
    expect(await status(client.post('/sessions/end-others'))).toBe(201);
    for (const other of [phone, tablet]) expect(await status(other.get('/sessions'))).toBe(401);
    expect(await json(client.get('/sessions'))).toHaveLength(1);
  },

  async limit(client) {
    const others = [client.copy(), client.copy(), client.copy()];
    for (const other of others) expect(await status(other.post('/login', ANN))).toBe(201);
    const refused = await client.post('/login', ANN);
    const { code, sessions } = (await refused.json()) as { code: string; sessions: Listed[] };
    expect([refused.status, code, sessions.length]).toEqual([409, 'TOO_MANY_SESSIONS', 3]);
    expect(await status(client.post('/login', { ...ANN, end: sessions[0]?.handle ?? '' }))).toBe(201);
    const live = await Promise.all(others.map((other) => json<boolean>(other.get('/probe'))));
    expect(live.filter(Boolean)).toHaveLength(2);
  },

  async fresh(client) {
    expect(await status(client.post('/password'))).toBe(401);
    const other = client.copy();
    await other.post('/login');
    await client.post('/login');
    const before = client.copy();
    expect(await status(client.post('/confirm', { password: 'b' }))).toBe(403);
    expect(await status(client.post('/confirm', { password: 'a' }))).toBe(201);
    expect(await json(before.get('/probe'))).toBe(false);
    expect(await status(client.post('/password'))).toBe(201);
    expect(await json(client.get('/probe'))).toBe(true);
    expect(await json(other.get('/probe'))).toBe(false);
  },

  async eventEmitter(client) {
    await client.post('/probe');
    await client.post('/probe/logout');
    expect(await json(client.get('/audit'))).toEqual(['default: added', 'default: removed']);
  },

  async adminRegistry(client) {
    expect(await status(client.copy().post('/admin/login'))).toBe(201);
    expect(await status(client.post('/admin/login'))).toBe(409);
    expect(await json(client.get('/admin/sessions'))).toEqual({ customers: 0, admins: 1 });
  },
};

export const PRINCIPALS_CORE = {
  async principalCore(
    { server }: Record<string, unknown>,
    visit: (server: Server) => Promise<CookieClient>,
  ): Promise<void> {
    const info = vi.spyOn(console, 'info').mockReturnValue();
    const client = await visit(server as Server);
    for (const number of [1, 2, 3, 3]) {
      expect(await (await client.copy().get('/')).text()).toBe(`Session ${number} of Ann`);
    }
    expect(info.mock.calls.flat()).toEqual(['added', 'added', 'added', 'added', 'removed']);
  },
};
