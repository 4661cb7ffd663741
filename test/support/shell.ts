/** What a README's lines for the shell print, against a program that runs here. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Runs the lines in an empty directory.
 * @param origin - takes the place of the README's `http://localhost:3000`
 */
export async function runShell(lines: string, origin: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'readme-'));
  try {
    const script = lines.replaceAll('http://localhost:3000', origin);
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: directory });
    return stdout;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
