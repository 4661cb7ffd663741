/** The titles of tests, as vitest itself collects them from spec files, without running any. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

/**
 * @param files - below `test`
 * @returns `'file › title › title'` of each test that would run
 */
export async function collectedTests(files: readonly string[]): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'collected-tests-'));
  try {
    const list = join(directory, 'tests.json');
    const filters = files.map((file) => `test/${file}`);
    // Nothing runs, so the files may share one worker: it loads what they have in common once.
    const options = ['--no-isolate', '--maxWorkers=1', `--json=${list}`];
    await promisify(execFile)(process.execPath, [VITEST, 'list', ...filters, ...options], { cwd: ROOT });
    const tests = JSON.parse(await readFile(list, 'utf8')) as { name: string; file: string }[];
    return tests.map(({ name, file }) => [relative(join(ROOT, 'test'), file), ...name.split(' > ')].join(' › '));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
