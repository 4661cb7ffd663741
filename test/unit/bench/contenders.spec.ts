/** What the bench compares is comparable: every contender keeps sessions, and answers the same. */
import type { INestApplication } from '@nestjs/common';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApplication } from '../../bench/http/apps/application.js';
import { type Contender, contendersOf, PLATFORMS, SIZES } from '../../bench/http/contender.js';

// Redis and PostgreSQL are for the bench itself: there a login that fails ends it.
const contenders = PLATFORMS.flatMap((platform) => contendersOf(platform, ['memory']));
const nameOf = ({ platform, kind }: Contender) => `${kind} on ${platform}`;

describe.each(contenders.map((contender) => ({ name: nameOf(contender), contender })))('$name', ({ contender }) => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    app = await openApplication(contender, 'unused');
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });

  afterAll(() => app.close());

  async function ask(path: string, cookie = ''): Promise<{ cookies: string[]; body: unknown }> {
    const response = await fetch(`${url}/${path}`, { headers: { cookie } });
    expect(response.status).toBe(200);
    return { cookies: response.headers.getSetCookie(), body: await response.json() };
  }

  if (contender.kind === 'bare') {
    it('keeps nothing, and answers', async () => {
      expect(await ask('none')).toEqual({ cookies: [], body: { ok: true } });
      expect(await ask('read')).toEqual({ cookies: [], body: { count: 0 } });
      expect(await ask('login')).toEqual({ cookies: [], body: { ok: true } });
    });
    return;
  }

  it.each(SIZES)('counts up in a session of %i bytes', async (size) => {
    const { cookies, body } = await ask(`login?size=${size}`);
    expect(body).toEqual({ ok: true });
    const [cookie = ''] = cookies.map((line) => line.split(';', 1)[0]);
    expect((await ask('read', cookie)).body).toEqual({ count: 0 });
    expect((await ask('change', cookie)).body).toEqual({ count: 1 });
    expect((await ask('change', cookie)).body).toEqual({ count: 2 });
    expect(await ask('read', cookie)).toEqual({ cookies: [], body: { count: 2 } });
  });

  if (contender.kind === 'floor') return;

  it('has a route without a session', async () => {
    expect(await ask('none')).toEqual({ cookies: [], body: { ok: true } });
  });
});
