/** What all servers have in common that tests start for themselves, to stop, kill, freeze and restart them. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free.port.js';
import { findProgram } from './program.js';
import { Reaper } from './reaper.js';

/** Where a server lives. */
export interface Site {
  readonly port: number;
  readonly directory: string;
  /** Database servers refuse to run as root: then all of ours run as `nobody`. */
  readonly user: { readonly uid?: number; readonly gid?: number };
}

/** Names and values as in the server's own configuration. */
export type Settings = Readonly<Record<string, string | number>>;

/** Far more than a loaded machine needs. */
const START_LIMIT_MS = 60_000;

/**
 * One server on a free port of 127.0.0.1, with its files in a directory of its own. Tests `dispose()` of it; if they can't, because
 * their process died, it ends all the same.
 */
export abstract class OwnServer {
  readonly port: number;
  readonly directory: string;
  readonly #user: Site['user'];
  readonly #reaper: Reaper;
  readonly #events = new EventEmitter();
  #process: ChildProcess | undefined;
  #output = '';

  protected constructor(site: Site) {
    this.port = site.port;
    this.directory = site.directory;
    this.#user = site.user;
    this.#reaper = new Reaper(site.directory);
  }

  protected static async site(): Promise<Site> {
    const user = process.getuid?.() === 0 ? { uid: idOfNobody('-u'), gid: idOfNobody('-g') } : {};
    const directory = await mkdtemp(join(tmpdir(), 'test-server-'));
    if (user.uid !== undefined) await chown(directory, user.uid, user.gid);
    return { port: await freePort(), directory, user };
  }

  /** Where clients find it. */
  abstract get url(): string;

  /** The program and its arguments. */
  protected abstract commandLine(): readonly [program: string, ...args: string[]];

  /** What it prints when it can be used. */
  protected abstract readonly ready: RegExp;

  /** Asks it to end in an orderly way, whatever clients there are. */
  protected readonly stopSignal: NodeJS.Signals = 'SIGTERM';

  /** Makes what the first start needs. */
  protected async prepare(): Promise<void> {}

  /** What it has printed so far. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Lets it end in its own way. Its files stay, for `restart()`. */
  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    // A frozen process heeds no signal but SIGKILL.
    this.thaw();
    const ended = once(this.#process, 'close');
    this.#process.kill(this.stopSignal);
    await ended;
  }

  /** Ends all of its processes at once, as a crash does. Its files stay, for `restart()`. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const ended = once(this.#process, 'close');
    // Frozen, it starts no further process meanwhile, and does nothing between the end of the first and of the last.
    this.freeze();
    this.#signal('SIGKILL');
    await ended;
  }

  /** Stops all of its processes where they are: connections stay open, and nothing is answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
    this.#signal('SIGSTOP');
  }

  /** Lets a frozen one go on: it finds all that clients sent meanwhile. */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  /** Starts it again, on the same port and with the same files; stops it first if it runs. */
  async restart(): Promise<void> {
    await this.stop();
    await this.#start();
  }

  /** Ends it and removes its files. */
  async dispose(): Promise<void> {
    await this.kill();
    await this.#reaper.reap();
  }

  /** The first start. If it fails, nothing is left behind. */
  protected async launch(): Promise<this> {
    try {
      await this.prepare();
      await this.#start();
      return this;
    } catch (error) {
      await this.dispose();
      throw error;
    }
  }

  /** Runs a program to its end, as the user that the server runs as. */
  protected async run(program: string, ...args: string[]): Promise<void> {
    const from = this.#output.length;
    const child = await this.#spawn(program, args);
    const [code] = await once(child, 'close');
    if (code !== 0) throw new Error(`${program} failed:\n${this.#output.slice(from)}`);
  }

  /**
   * Writes a file that the server may change.
   * @returns where it is
   */
  protected async write(name: string, text: string): Promise<string> {
    const file = join(this.directory, name);
    await writeFile(file, text);
    if (this.#user.uid !== undefined && this.#user.gid !== undefined) await chown(file, this.#user.uid, this.#user.gid);
    return file;
  }

  /** Resolves when the output from this position on matches. */
  protected async printed(pattern: RegExp, from: number): Promise<void> {
    const signal = AbortSignal.timeout(START_LIMIT_MS);
    while (!pattern.test(this.#output.slice(from))) {
      if (!this.isRunning || signal.aborted) {
        throw new Error(`${this.constructor.name} did not print ${pattern}:\n${this.#output.slice(from)}`);
      }
      await once(this.#events, 'news', { signal }).catch(() => undefined);
    }
  }

  async #start(): Promise<void> {
    const [program, ...args] = this.commandLine();
    const from = this.#output.length;
    const child = await this.#spawn(program, args);
    this.#process = child;
    // Closed are its streams only when the last of its children has ended too.
    child.once('close', () => {
      this.#process = undefined;
      this.#hear('');
    });
    await this.printed(this.ready, from);
  }

  async #spawn(program: string, args: readonly string[]): Promise<ChildProcess> {
    const child = spawn(pathOf(program), args, {
      ...this.#user,
      cwd: this.directory,
      // In English, which `ready` is in; and its temporary files go with the directory too.
      env: { ...process.env, LC_ALL: 'C', TMPDIR: this.directory },
      // A process group of its own, for the reaper.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await once(child, 'spawn');
    this.#reaper.watch(child.pid);
    child.once('exit', () => this.#reaper.watch(undefined));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    }
    return child;
  }

  #hear(text: string): void {
    this.#output += text;
    this.#events.emit('news');
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid;
    if (pid === undefined) return;
    for (const each of [...childrenOf(pid), pid]) {
      try {
        process.kill(each, signal);
      } catch (error) {
        if (!isGone(error)) throw error;
      }
    }
  }
}

function childrenOf(pid: number): number[] {
  const { error, stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stdout.split('\n').filter(Boolean).map(Number);
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ESRCH';
}

function pathOf(program: string): string {
  const file = findProgram(program);
  if (file === undefined) throw new Error(`${program} is not installed`);
  return file;
}

function idOfNobody(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
}
