/** A program that runs in a process of its own, and serves HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export class StartedProgram {
  /** What it said on both streams. */
  output = '';
  readonly #process: ChildProcess;

  private constructor(file: string, env: Record<string, string>) {
    this.#process = spawn(process.execPath, [file], { env: { ...process.env, PORT: '0', ...env } });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
  }

  /** Starts it on a free port, and waits for the line that names its URL. */
  static async start(file: string, env: Record<string, string> = {}): Promise<StartedProgram> {
    const program = new StartedProgram(file, env);
    const ended = once(program.#process, 'exit');
    while (!/http:\S+\s/.test(program.output)) {
      const said = program.#process.stdout && once(program.#process.stdout, 'data');
      if ((await Promise.race([said, ended.then(() => 'ended')])) === 'ended') {
        throw new Error(`It ended before it served:\n${program.output}`);
      }
    }
    return program;
  }

  /** Where it serves: at each of the URLs that it names. */
  get origins(): string[] {
    return Array.from(this.output.matchAll(/http:\S+/g), ([url]) => new URL(url).origin);
  }

  get origin(): string {
    const [first] = this.origins;
    if (first === undefined) throw new Error(`It names no URL:\n${this.output}`);
    return first;
  }

  get port(): number {
    return Number(new URL(this.origin).port);
  }

  /** @returns its exit code, or the signal that ended it */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill(signal);
      await ended;
    }
    return this.#process.signalCode ?? this.#process.exitCode;
  }
}
