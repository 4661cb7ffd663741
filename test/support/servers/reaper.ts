/** Ends a server and removes its directory when whoever started it is gone, however that went: by SIGKILL, say. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * Each line names the process that runs now; the end of the input, which comes with the end of the owner, is the sign. All of its
 * group goes, and its children in groups of their own: PostgreSQL's, when stopped, outlive their parent. What was begun before they
 * died may yet put a file into the directory: hence the second attempt.
 */
const SCRIPT = `
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -s KILL -- $(pgrep -P "$pid") "-$pid"
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`;

export class Reaper {
  readonly #shell: ChildProcess;
  readonly #ended: Promise<unknown>;

  /** @param directory - what is removed in the end */
  constructor(directory: string) {
    // A process group of its own: what ends ours leaves it alone.
    this.#shell = spawn('sh', ['-c', SCRIPT, 'reaper', directory], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#ended = once(this.#shell, 'exit');
    this.#shell.unref();
  }

  /** @param pid - the process to end; `undefined` when there is none any more */
  watch(pid: number | undefined): void {
    this.#shell.stdin?.write(`${pid ?? ''}\n`);
  }

  /** Does its work now. */
  async reap(): Promise<void> {
    this.#shell.ref();
    this.#shell.stdin?.end();
    await this.#ended;
  }
}
