import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MarkdownPage } from '../support/markdown.page.js';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { runShell } from '../support/shell.js';
import { StartedProgram } from './started.program.js';
import { UnfinishedRequest } from './unfinished.request.js';

let built: BuiltPackage;
let file: string;

beforeAll(async () => {
  built = await BuiltPackage.build();
  await built.compile('sample/01-demo/src');
  file = built.fileOf('sample/01-demo/src/main');
});
afterAll(() => built.remove());

describe.each(['express', 'fastify'])('sample 01-demo on %s', (adapter) => {
  let demo: StartedProgram;
  let client: CookieClient;

  beforeAll(async () => {
    demo = await StartedProgram.start(file, { ADAPTER: adapter, NODE_ENV: 'development' });
  });
  afterAll(() => demo?.stop('SIGKILL'));

  const newClient = () => (client = new CookieClient(demo.origin));
  const page = async () => (await client.get('/demo')).text();
  const formToken = async () => / name="FormToken" value="([\w-]+)"/.exec(await page())?.[1] ?? 'none';
  const login = async (userName = 'Bob', password = 'a') =>
    client.post('/demo', { Login: 'Login', UserName: userName, Password: password, FormToken: await formToken() });

  it('says in one line where it is', () => {
    expect(demo.output).toMatch(/^Session demo on (Express|Fastify): http:\/\/localhost:\d+\/demo\n$/);
    expect(demo.output.toLowerCase()).toContain(adapter);
  });

  it('leads from / to the demo', async () => {
    const response = await newClient().get('/');
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('/demo');
  });

  it('shows a login form, and starts no session for it', async () => {
    newClient();
    expect(await page()).toMatch(/name="UserName"[\s\S]*name="Password"[\s\S]*Hint: use 'a'[\s\S]*name="Login"/);
    expect([...client.cookies.keys()]).toEqual(['form']);
  });

  it('logs in, counts three visits, logs out, and the old cookie is dead', async () => {
    newClient();
    const loggedIn = await login();
    expect(loggedIn.status).toBe(303);
    expect(loggedIn.headers.get('location')).toBe('/demo');
    expect(loggedIn.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^sessid=\S+; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    for (const visits of [1, 2, 3]) {
      const greeting = await client.get('/demo');
      expect(await greeting.text()).toContain(`Hello Bob! Since login you visited ${visits} times!`);
      expect(greeting.headers.getSetCookie()).toEqual([]);
    }
    const old = client.copy();
    const loggedOut = await client.post('/demo', { Logout: 'Logout', FormToken: await formToken() });
    expect(loggedOut.status).toBe(303);
    expect([...client.cookies.keys()]).toEqual(['form']);
    for (const who of [client, old]) expect(await (await who.get('/demo')).text()).toContain('name="Login"');
  });

  it('loses no visit of tabs that are opened at once', async () => {
    newClient();
    await login();
    await Promise.all(Array.from({ length: 20 }, () => page()));
    expect(await page()).toContain('you visited 21 times!');
  });

  it('adopts no id that a client brings, and a second login ends the first session', async () => {
    newClient().cookies.set('sessid', 'abcd.AAAAAAAAAAAAAAAAAAAAAAAA');
    await login();
    const first = client.copy();
    expect(first.cookies.get('sessid')).not.toBe('abcd.AAAAAAAAAAAAAAAAAAAAAAAA');
    await login('Alice');
    expect(client.cookies.get('sessid')).not.toBe(first.cookies.get('sessid'));
    expect(await page()).toContain('Hello Alice! Since login you visited 1 times!');
    expect(await (await first.get('/demo')).text()).toContain('name="Login"');
  });

  it.each([
    ['a wrong password', 'Bob', 'b'],
    ['no user name', ' ', 'a'],
    ['a user name without end', 'B'.repeat(101), 'a'],
  ])('answers %s with 401, the form and an error', async (_, userName, password) => {
    newClient();
    const response = await login(userName, password);
    expect(response.status).toBe(401);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(await response.text()).toMatch(/Wrong user name or password\.[\s\S]*name="Login"/);
  });

  it('refuses a form without token, with a foreign one, or without the cookie it belongs to', async () => {
    newClient();
    const foreign = await formToken();
    newClient();
    const own = await formToken();
    const stranger = new CookieClient(demo.origin);
    const form = { Login: 'Login', UserName: 'Bob', Password: 'a' };
    const answers = [
      await client.post('/demo', form),
      await client.post('/demo', { ...form, FormToken: '' }),
      await client.post('/demo', { ...form, FormToken: foreign }),
      await client.post('/demo', { ...form, FormToken: own.slice(0, -4) }),
      await stranger.post('/demo', { ...form, FormToken: own }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
    expect(await answers[0]?.text()).toContain('This form is out of date.');
    expect((await client.post('/demo', { ...form, FormToken: own })).status).toBe(303);
  });

  it('escapes HTML in the user name', async () => {
    newClient();
    await login(`<script>"&'</script>`);
    expect(await page()).toContain('Hello &lt;script&gt;&quot;&amp;&#39;&lt;/script&gt;! Since');
  });

  it('allows no script, no frame, no cache, and only its own style', async () => {
    const { headers } = await newClient().get('/demo');
    const policy = headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/style-src 'sha256-[^']+';/);
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('does with curl what its README says', async () => {
    const said = await runShell(new MarkdownPage('sample/01-demo/README.md').shellOf('curl'), demo.origin);
    expect(said.split('\n').map((line) => line.replaceAll(/<[^>]*>/g, '').trim())).toEqual([
      'Hello Bob! Since login you visited 1 times!',
      'Hello Bob! Since login you visited 2 times!',
      'Hello Bob! Since login you visited 3 times!',
      "Hint: use 'a'",
      '',
    ]);
  });

  it('answers what has begun on SIGTERM, then ends without a complaint', async () => {
    const program = await StartedProgram.start(file, { ADAPTER: adapter });
    onTestFinished(async () => void (await program.stop('SIGKILL')));
    const request = new UnfinishedRequest(program.origin);
    await request.begun;
    const ended = program.stop();
    await setTimeout(200);
    expect(await request.finish()).toMatch(/^HTTP\/1.1 403 /);
    expect(await ended).toBe('SIGTERM');
    expect(program.output.trim().split('\n')).toHaveLength(1);
  });
});

it('sample 01-demo in production sends cookies over https only', async () => {
  const demo = await StartedProgram.start(file, { NODE_ENV: 'production' });
  onTestFinished(async () => void (await demo.stop()));
  const response = await new CookieClient(demo.origin).get('/demo');
  expect(response.headers.getSetCookie()).toEqual([
    expect.stringMatching(/^__Host-form=\S+; Path=\/; HttpOnly; SameSite=Lax; Secure$/),
  ]);
});
