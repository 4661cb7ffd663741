import { MemoryStore } from 'nestjs-http-session';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { deviceOf } from '../../sample/04-account/src/device.js';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { MarkdownPage } from '../support/markdown.page.js';
import { runShell } from '../support/shell.js';
import { passes, PLATFORMS, startAccount } from './account.app.js';
import { StartedProgram } from './started.program.js';

const PASSWORDS = { alice: 'tea party', bob: 'small boat' };
type UserName = keyof typeof PASSWORDS;

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0';
const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1 Mobile/15E148 Safari/604.1';

interface Item {
  readonly device: string | undefined;
  readonly isThisOne: boolean;
  /** What its button sends. */
  readonly handle: string | undefined;
}

/** A browser that somebody sits at. */
class Visitor {
  readonly client: CookieClient;
  readonly #userAgent: string;

  constructor(origin: string, userAgent = FIREFOX) {
    this.client = new CookieClient(origin);
    this.#userAgent = userAgent;
  }

  /** One who is signed in. */
  static async signedIn(origin: string, userName: UserName = 'alice', userAgent?: string): Promise<Visitor> {
    const visitor = new Visitor(origin, userAgent);
    expect(leadsTo(await visitor.signIn(userName))).toBe('/sessions');
    return visitor;
  }

  signIn(userName: UserName, fields: Record<string, string> = {}, headers: Record<string, string> = {}) {
    const form = { userName, password: PASSWORDS[userName], ...fields };
    return this.client.post('/sign-in', form, { 'User-Agent': this.#userAgent, ...headers });
  }

  async page(path = '/sessions'): Promise<string> {
    return (await this.client.get(path)).text();
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.client.get('/sessions')).status === 200;
  }

  /** The token in the pages' forms. */
  async token(): Promise<string> {
    return / name="formToken" value="([\w-]{24})"/.exec(await this.page())?.[1] ?? 'none';
  }

  /** Sends a form as the page holds it. */
  async submit(path: string, fields: Record<string, string> = {}): Promise<Response> {
    return this.client.post(path, { formToken: await this.token(), ...fields });
  }

  /** "Your sessions", the one that was seen last first. */
  async sessions(): Promise<Item[]> {
    const items = Array.from((await this.page()).matchAll(/<li>([^]*?)<\/li>/g), ([, item = '']) => item);
    return items.map((item) => ({
      device: /<b>(.*)<\/b>/.exec(item)?.[1],
      isThisOne: item.includes('This one'),
      handle: / name="handle" value="(.*?)"/.exec(item)?.[1],
    }));
  }

  /** Names the others. */
  async devices(): Promise<(string | undefined)[]> {
    return (await this.sessions()).filter(({ isThisOne }) => !isThisOne).map(({ device }) => device);
  }
}

/** Where a response leads after a form was sent, or when a page can't be shown. */
function leadsTo(response: Response): string | null {
  return response.status === 303 ? response.headers.get('location') : `status ${response.status}`;
}

describe.each(PLATFORMS)('sample 04-account on %s', (platform) => {
  it('says who may sign in, and starts no session for it', async () => {
    const visitor = new Visitor(await startAccount(platform));
    const response = await visitor.client.get('/sign-in');
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = (await response.text()).replaceAll(/<[^>]*>/g, '');
    expect(text).toContain('Try alice with tea party, or bob with small boat.');
    expect(visitor.client.cookies.size).toBe(0);
  });

  it('leads who is not signed in to the sign-in page', async () => {
    const { client } = new Visitor(await startAccount(platform));
    for (const path of ['/', '/sessions', '/email', '/confirm']) {
      expect([path, leadsTo(await client.get(path))]).toEqual([path, '/sign-in']);
    }
    for (const path of [
      '/sessions/end',
      '/sessions/end-others',
      '/sessions/end-all',
      '/sign-out',
      '/email',
      '/confirm',
    ]) {
      expect([path, leadsTo(await client.post(path))]).toEqual([path, '/sign-in']);
    }
  });

  it('signs in and out', async () => {
    const visitor = new Visitor(await startAccount(platform));
    const signedIn = await visitor.signIn('alice');
    expect(leadsTo(signedIn)).toBe('/sessions');
    expect(signedIn.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sessid=\S+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(await visitor.page()).toContain('Signed in as <b>alice</b>');
    const old = visitor.client.copy();
    expect(leadsTo(await visitor.submit('/sign-out'))).toBe('/sign-in');
    expect(visitor.client.cookies.size).toBe(0);
    expect(leadsTo(await old.get('/sessions'))).toBe('/sign-in');
  });

  it.each([
    ['a wrong password', { userName: 'alice', password: 'small boat' }],
    ['an unknown user', { userName: 'carol', password: 'tea party' }],
    ['no fields', {}],
  ])('answers %s with 401, the form and the reason', async (_, form) => {
    const visitor = new Visitor(await startAccount(platform));
    const response = await visitor.client.post('/sign-in', form);
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.text()).toMatch(/Wrong user name or password\.[^]*name="password"/);
  });

  it('shows the sessions of the user in all browsers, and which is this one', async () => {
    const origin = await startAccount(platform);
    const desk = await Visitor.signedIn(origin, 'alice', FIREFOX);
    passes({ minutes: 5 });
    const phone = await Visitor.signedIn(origin, 'alice', PHONE);
    await Visitor.signedIn(origin, 'bob', FIREFOX);
    expect(await phone.sessions()).toEqual([
      { device: 'Safari on iPhone', isThisOne: true, handle: undefined },
      { device: 'Firefox on Windows', isThisOne: false, handle: expect.stringMatching(/./) },
    ]);
    expect((await phone.page()).replaceAll(/<[^>]*>/g, '')).toMatch(
      /Signed in just now, last seen just now[^]*Signed in 5 minutes ago, last seen 5 minutes ago/,
    );
    expect(await desk.devices()).toEqual(['Safari on iPhone']);
  });

  it('ends one session: what it clicks next is the sign-in page', async () => {
    const origin = await startAccount(platform);
    const [desk, phone, tablet] = [
      await Visitor.signedIn(origin, 'alice', FIREFOX),
      await Visitor.signedIn(origin, 'alice', PHONE),
      await Visitor.signedIn(origin, 'alice', FIREFOX.replace('Windows', 'Android')),
    ];
    const ended = (await desk.sessions()).find(({ device }) => device === 'Safari on iPhone');
    expect(leadsTo(await desk.submit('/sessions/end', { handle: ended?.handle ?? '' }))).toBe('/sessions');
    expect(leadsTo(await phone.client.get('/sessions'))).toBe('/sign-in');
    expect(await desk.devices()).toEqual(['Firefox on Android']);
    expect(await tablet.isSignedIn()).toBe(true);
  });

  it('ends no session of another user, whose handle is known', async () => {
    const origin = await startAccount(platform);
    const alice = await Visitor.signedIn(origin, 'alice');
    const bob = await Visitor.signedIn(origin, 'bob');
    await Visitor.signedIn(origin, 'bob', PHONE);
    const [ofBob] = (await bob.sessions()).filter(({ isThisOne }) => !isThisOne);
    expect(leadsTo(await alice.submit('/sessions/end', { handle: ofBob?.handle ?? '' }))).toBe('/sessions');
    expect(await bob.devices()).toEqual(['Safari on iPhone']);
  });

  it('ends all others', async () => {
    const origin = await startAccount(platform);
    const desk = await Visitor.signedIn(origin);
    const others = [await Visitor.signedIn(origin), await Visitor.signedIn(origin)];
    const bob = await Visitor.signedIn(origin, 'bob');
    expect(leadsTo(await desk.submit('/sessions/end-others'))).toBe('/sessions');
    for (const other of others) expect(await other.isSignedIn()).toBe(false);
    expect(await desk.sessions()).toEqual([expect.objectContaining({ isThisOne: true })]);
    expect(await bob.isSignedIn()).toBe(true);
  });

  it('ends all, this one too', async () => {
    const origin = await startAccount(platform);
    const [desk, phone] = [await Visitor.signedIn(origin), await Visitor.signedIn(origin)];
    const bob = await Visitor.signedIn(origin, 'bob');
    const old = desk.client.copy();
    expect(leadsTo(await desk.submit('/sessions/end-all'))).toBe('/sign-in');
    expect(desk.client.cookies.size).toBe(0);
    expect(leadsTo(await old.get('/sessions'))).toBe('/sign-in');
    expect(await phone.isSignedIn()).toBe(false);
    expect(await bob.isSignedIn()).toBe(true);
  });

  it('refuses a form without the token of this session, and changes nothing', async () => {
    const origin = await startAccount(platform);
    const desk = await Visitor.signedIn(origin, 'alice');
    const phone = await Visitor.signedIn(origin, 'alice', PHONE);
    const [other] = (await desk.sessions()).filter(({ isThisOne }) => !isThisOne);
    const token = await desk.token();
    const forms: Record<string, string>[] = [
      {},
      { formToken: '' },
      { formToken: token.slice(0, -1) },
      { formToken: `${token.slice(0, -1)}!` },
      { formToken: await phone.token() },
    ];
    const fields = { handle: other?.handle ?? '', email: 'mallory@example.com', password: PASSWORDS.alice };
    for (const path of [
      '/sessions/end',
      '/sessions/end-others',
      '/sessions/end-all',
      '/sign-out',
      '/email',
      '/confirm',
    ]) {
      for (const form of forms) {
        const response = await desk.client.post(path, { ...fields, ...form });
        expect([path, form, response.status]).toEqual([path, form, 403]);
        expect(response.headers.getSetCookie()).toEqual([]);
        expect(await response.text()).toContain('This form is out of date.');
      }
    }
    expect(await desk.devices()).toEqual(['Safari on iPhone']);
    expect(await phone.isSignedIn()).toBe(true);
    expect(await desk.page('/email')).toContain('value="alice@example.com"');
  });

  it.each([
    ['another site', () => ({ 'Sec-Fetch-Site': 'cross-site' })],
    ['another site that shares our domain', () => ({ 'Sec-Fetch-Site': 'same-site' })],
    [
      'another site, even if it is called like ours',
      (own: string) => ({ 'Sec-Fetch-Site': 'cross-site', Origin: own }),
    ],
    ['another origin', () => ({ Origin: 'https://elsewhere.example' })],
    ['another port', (own: string) => ({ Origin: own.replace(/\d+$/, '1') })],
    ['an origin that is kept secret', () => ({ Origin: 'null' })],
  ])('refuses to sign in by a form from %s', async (_, headersOn: (own: string) => Record<string, string>) => {
    const origin = await startAccount(platform);
    const visitor = new Visitor(origin);
    const response = await visitor.signIn('alice', {}, headersOn(origin));
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('This form comes from another site.');
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it.each([
    ['a browser', () => ({ 'Sec-Fetch-Site': 'same-origin' })],
    ['a browser whose user loads the answer again', () => ({ 'Sec-Fetch-Site': 'none' })],
    ['a browser that does not say', (own: string) => ({ Origin: own })],
    ['a browser before a proxy that terminates TLS', (own: string) => ({ Origin: own.replace('http:', 'https:') })],
  ])("signs in by the page's own form, sent by %s", async (_, headersOn: (own: string) => Record<string, string>) => {
    const origin = await startAccount(platform);
    expect(leadsTo(await new Visitor(origin).signIn('alice', {}, headersOn(origin)))).toBe('/sessions');
  });

  it('refuses a sixth session, and offers to end the others', async () => {
    const origin = await startAccount(platform);
    const five: Visitor[] = [];
    while (five.length < 5) five.push(await Visitor.signedIn(origin));
    const sixth = new Visitor(origin);
    const refused = await sixth.signIn('alice');
    expect(refused.status).toBe(409);
    expect(refused.headers.getSetCookie()).toEqual([]);
    expect(await refused.text()).toMatch(/on as many devices as you may be[^]*name="elsewhere"[^]*Sign in/);
    expect(await five[0]?.devices()).toHaveLength(4);
    expect(leadsTo(await new Visitor(origin).signIn('bob'))).toBe('/sessions');

    const withWrongPassword = await sixth.signIn('alice', { elsewhere: 'end', password: 'wrong' });
    expect(withWrongPassword.status).toBe(401);
    expect(await five[0]?.devices()).toHaveLength(4);
    expect(leadsTo(await sixth.signIn('alice', { elsewhere: 'end' }))).toBe('/sessions');
    expect(await sixth.devices()).toEqual([]);
    expect(await five[0]?.isSignedIn()).toBe(false);
  });

  it('counts who signs in again as one', async () => {
    const origin = await startAccount(platform);
    const visitor = await Visitor.signedIn(origin);
    for (let again = 0; again < 5; again++) expect(leadsTo(await visitor.signIn('alice'))).toBe('/sessions');
    expect(await visitor.devices()).toEqual([]);
  });

  it('changes the e-mail address within two minutes; then it asks for the password', async () => {
    const origin = await startAccount(platform);
    const visitor = await Visitor.signedIn(origin);
    passes({ minutes: 2 });
    expect(leadsTo(await visitor.submit('/email', { email: ' alice@home.example ' }))).toBe('/email');
    expect(await visitor.page('/email')).toContain('value="alice@home.example"');
    passes({ ms: 1 });
    expect(leadsTo(await visitor.client.get('/email'))).toBe('/confirm');
    expect(leadsTo(await visitor.submit('/email', { email: 'mallory@example.com' }))).toBe('/confirm');

    const old = visitor.client.copy();
    const wrong = await visitor.submit('/confirm', { password: 'small boat' });
    expect(wrong.status).toBe(401);
    expect(await wrong.text()).toMatch(/Wrong password\.[^]*action="\/confirm"/);
    expect(leadsTo(await visitor.client.get('/email'))).toBe('/confirm');

    expect(leadsTo(await visitor.submit('/confirm', { password: PASSWORDS.alice }))).toBe('/email');
    expect(await visitor.page('/email')).toContain('value="alice@home.example"');
    expect(leadsTo(await old.get('/sessions'))).toBe('/sign-in');
    expect(await visitor.devices()).toEqual([]);
    passes({ minutes: 2, ms: 1 });
    expect(leadsTo(await visitor.client.get('/email'))).toBe('/confirm');
  });

  it('refuses what is no e-mail address, and escapes it', async () => {
    const visitor = await Visitor.signedIn(await startAccount(platform));
    for (const email of ['', 'alice', '@', 'a@b c', `a@${'b'.repeat(253)}`]) {
      expect((await visitor.submit('/email', { email })).status).toBe(422);
    }
    const refused = await visitor.submit('/email', { email: '"><script>' });
    expect(await refused.text()).toMatch(/This is no e-mail address\.[^]* value="&quot;&gt;&lt;script&gt;"/);
    await visitor.submit('/email', { email: `"'><b>&@example.com` });
    expect(await visitor.page('/email')).toContain(' value="&quot;&#39;&gt;&lt;b&gt;&amp;@example.com"');
  });

  it('escapes what a client calls itself', async () => {
    const origin = await startAccount(platform);
    const desk = await Visitor.signedIn(origin);
    for (const userAgent of [`<script>alert("&'")</script>`, '\x80\x9f', 'x'.repeat(9_000), '']) {
      await Visitor.signedIn(origin, 'alice', userAgent);
    }
    const devices = ['&lt;script&gt;alert(&quot;&amp;&#39;&quot;)&lt;', 'Unknown device', 'x'.repeat(40)];
    expect(new Set(await desk.devices())).toEqual(new Set(devices));
  });

  it('gives the session a new id after 15 minutes, and ends it after 30 without a click', async () => {
    const visitor = await Visitor.signedIn(await startAccount(platform));
    const first = visitor.client.copy();
    passes({ minutes: 15, ms: 1 });
    const token = await visitor.token();
    expect(visitor.client.cookies.get('sessid')).not.toBe(first.cookies.get('sessid'));
    expect(await visitor.token()).toBe(token);
    expect(await visitor.devices()).toEqual([]);
    passes({ minutes: 1 });
    expect(leadsTo(await first.get('/sessions'))).toBe('/sign-in');
    passes({ minutes: 30 });
    expect(await visitor.isSignedIn()).toBe(false);
  });

  it('says that something is wrong, and writes into the log what it is', async () => {
    const visitor = await Visitor.signedIn(await startAccount(platform));
    const log = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    vi.spyOn(MemoryStore.prototype, 'get').mockRejectedValue(new Error('out of order'));
    const response = await visitor.client.get('/sessions');
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('Try again later.');
    expect(log.mock.calls.join()).toMatch(/AccountFilter\W.*The session store failed/);
  });

  it('allows no script, no frame, no cache, and only its own style', async () => {
    const visitor = await Visitor.signedIn(await startAccount(platform));
    for (const path of ['/sign-in', '/sessions', '/nothing']) {
      const { headers } = await visitor.client.get(path);
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-\S+'; /);
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    }
  });
});

it.each([
  [FIREFOX, 'Firefox on Windows'],
  [PHONE, 'Safari on iPhone'],
  [
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36',
    'Chrome on Linux',
  ],
  [
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36',
    'Chrome on Android',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
    'Edge on macOS',
  ],
  ['curl/8.5.0', 'curl'],
])('sample 04-account calls a device by name: %s', (userAgent, device) => {
  expect(deviceOf(userAgent)).toBe(device);
});

describe('sample 04-account as a program', () => {
  let built: BuiltPackage;

  beforeAll(async () => {
    built = await BuiltPackage.build();
    await built.compile('sample/04-account/src');
  });
  afterAll(() => built?.remove());

  async function start(env: Record<string, string>): Promise<StartedProgram> {
    const program = await StartedProgram.start(built.fileOf('sample/04-account/src/main'), {
      NODE_ENV: 'development',
      ...env,
    });
    onTestFinished(async () => void (await program.stop('SIGKILL')));
    return program;
  }

  it.each(['Express', 'Fastify'])(
    'on %s says where it is, does with curl what its README says, and ends',
    async (name) => {
      const program = await start({ ADAPTER: name.toLowerCase() });
      expect(program.output).toMatch(/^An account's sessions on \w+: http:\/\/localhost:\d+\/sessions\n$/);
      expect(program.output).toContain(name);
      const said = await runShell(new MarkdownPage('sample/04-account/README.md').shellOf('curl'), program.origin);
      expect(said.split('\n')).toEqual(['2', '403', '303', `${program.origin}/sign-in`, '']);
      expect(await program.stop()).toBe('SIGTERM');
      expect(program.output.trim().split('\n')).toHaveLength(1);
    },
  );

  it('in production sends the cookie over https only', async () => {
    const visitor = new Visitor((await start({ NODE_ENV: 'production' })).origin);
    const response = await visitor.signIn('alice');
    expect(response.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-sessid=\S+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });
});
