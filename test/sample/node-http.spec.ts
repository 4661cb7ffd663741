import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MarkdownPage } from '../support/markdown.page.js';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { runShell } from '../support/shell.js';
import { StartedProgram } from './started.program.js';

describe('sample 02-node-http', () => {
  let built: BuiltPackage;
  let program: StartedProgram;

  beforeAll(async () => {
    built = await BuiltPackage.build();
    await built.compile('sample/02-node-http/src');
    program = await StartedProgram.start(built.fileOf('sample/02-node-http/src/main'), { NODE_ENV: 'development' });
  });
  afterAll(async () => {
    await program?.stop('SIGKILL');
    await built?.remove();
  });

  const text = async (client: CookieClient) => (await client.get('/')).text();

  it('logs in, counts visits, logs out, and the old cookie is dead', async () => {
    const client = new CookieClient(program.origin);
    expect(await text(client)).toContain('Nobody is logged in.');
    expect(client.cookies.size).toBe(0);
    expect((await client.post('/login')).status).toBe(303);
    for (const visits of [1, 2, 3]) expect(await text(client)).toContain(`Visits since login: ${visits}`);
    const old = client.copy();
    await client.post('/logout');
    expect(client.cookies.size).toBe(0);
    expect(await text(old)).toContain('Nobody is logged in.');
  });

  it('knows no other page', async () => {
    expect((await new CookieClient(program.origin).get('/other')).status).toBe(404);
  });

  it('does with curl what its README says', async () => {
    const said = await runShell(new MarkdownPage('sample/02-node-http/README.md').shellOf('curl'), program.origin);
    const lines = Array.from(said.matchAll(/<p>(.*)<\/p>/g), ([, line]) => line);
    expect(lines).toEqual(['Visits since login: 1', 'Visits since login: 2', 'Nobody is logged in.']);
  });

  it('ends on SIGTERM, without a complaint', async () => {
    expect(await program.stop()).toBe(0);
    expect(program.output.trim().split('\n')).toHaveLength(1);
  });
});
