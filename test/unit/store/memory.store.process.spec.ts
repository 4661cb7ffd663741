/** A process that has nothing left to do but a store's cleaner ends. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const core = new URL('../../../src/core.ts', import.meta.url).pathname;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'memory-store-'));
  await build({
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    build: { ssr: core, outDir: folder, rolldownOptions: { output: { entryFileNames: 'core.mjs' } } },
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a process ends by itself', () => {
  it.each([
    ['that made a MemoryStore', "new core.MemoryStore({ purgeInterval: '1h' });"],
    ['that made a manager', 'new core.HttpSessionManager();'],
  ])('%s', async (_, code) => {
    const program = join(folder, 'program.mjs');
    await writeFile(program, `import * as core from './core.mjs';\n${code}\nconsole.log('made');\n`);
    const { stdout } = await run(process.execPath, [program], { timeout: 10_000 });
    expect(stdout.trim()).toBe('made');
  });
});
