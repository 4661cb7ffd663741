/** Who sends the requests: wrk where it is installed, else autocannon; a process of its own either way. */
import { type ChildProcess, fork, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { LoadJob, LoadReport } from './load.protocol.js';

export interface LoadGenerator {
  readonly name: 'wrk' | 'autocannon';
  /** @throws Error by the promise, if a request was answered otherwise than by 200 */
  run(job: LoadJob): Promise<void>;
  close(): void;
}

export function openLoadGenerator(): LoadGenerator {
  const { error } = spawnSync('wrk', ['--version']);
  return error ? new Autocannon() : new Wrk();
}

/** Longer than any load: wrk counts whole seconds, and is stopped earlier. */
const WRK_SECONDS = 60;
/** Not compiled, so it lies where the sources are. */
const WRK_SCRIPT = fileURLToPath(new URL('../../http/wrk.lua', import.meta.url));

class Wrk implements LoadGenerator {
  readonly name = 'wrk';
  readonly #directory = mkdtempSync(join(tmpdir(), 'bench-'));

  async run({ url, cookies, connections, milliseconds }: LoadJob): Promise<void> {
    const file = join(this.#directory, 'cookies');
    writeFileSync(file, cookies.join('\n'));
    const args = ['-t1', `-c${connections}`, `-d${WRK_SECONDS}s`, '-s', WRK_SCRIPT, url, '--', file];
    const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const timer = setTimeout(() => wrk.kill('SIGINT'), milliseconds);
    const report = await text(wrk.stdout);
    clearTimeout(timer);
    if (!/ requests in /.test(report) || /Non-2xx|Socket errors/.test(report)) throw new Error(`${url}: ${report}`);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }
}

class Autocannon implements LoadGenerator {
  readonly name = 'autocannon';
  readonly #process: ChildProcess = fork(new URL('autocannon.main.js', import.meta.url));

  async run(job: LoadJob): Promise<void> {
    this.#process.send(job);
    const [{ failed }] = (await once(this.#process, 'message')) as [LoadReport];
    if (failed > 0) throw new Error(`${job.url}: ${failed} requests were not answered by 200.`);
  }

  close(): void {
    this.#process.kill();
  }
}
