/** Sessions in plain files, one each: an example of a store of one's own. They survive the process, not a power cut. */
import { CompareAndSwapStore, type Key, type PurgeOptions, type Purged } from 'nestjs-http-session';
import { mkdirSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const LOCK = '.lock';
/** Nobody holds a lock for so long but a process that died. */
const LONGEST_LOCK_MS = 60_000;
const RETRY_MS = 2;
const MOST_RETRIES = 5_000;

export class FileStore extends CompareAndSwapStore {
  /** Several processes may use one directory: what they write at the same time meets at the lock. */
  readonly capabilities = { shared: true, atomic: true, acknowledged: 'backend' } as const;
  readonly #directory: string;

  constructor(directory: string) {
    super();
    mkdirSync(directory, { recursive: true });
    this.#directory = directory;
  }

  protected read(key: Key): Promise<string | undefined> {
    return unlessMissing(readFile(this.#fileOf(key), 'utf8'));
  }

  /** As git does it: the new text is written into the lock file, which then becomes the file, and is a lock no more. */
  protected async swap(key: Key, expected: string | undefined, next: string | undefined): Promise<boolean> {
    const file = this.#fileOf(key);
    const lock = await lockOf(file);
    try {
      const isThere = (await this.read(key)) === expected;
      if (isThere && next !== undefined) {
        await lock.writeFile(next);
        await rename(file + LOCK, file);
        return true;
      }
      if (isThere) await rm(file);
      await rm(file + LOCK);
      return isThere;
    } catch (error) {
      await rm(file + LOCK, { force: true });
      throw error;
    } finally {
      await lock.close();
    }
  }

  protected override async *keys(): AsyncIterable<Key> {
    for (const name of await readdir(this.#directory)) {
      if (!name.endsWith(LOCK)) yield Buffer.from(name, 'hex').toString();
    }
  }

  override async purge(options: PurgeOptions): Promise<Purged> {
    for (const name of await readdir(this.#directory)) {
      if (name.endsWith(LOCK)) await removeIfOld(join(this.#directory, name));
    }
    return super.purge(options);
  }

  /** Some file systems don't tell `a` from `A`. */
  #fileOf(key: Key): string {
    return join(this.#directory, Buffer.from(key).toString('hex'));
  }
}

/** Creates the lock file, or waits until it is gone. */
async function lockOf(file: string): Promise<FileHandle> {
  for (let retries = 0; ; retries++) {
    try {
      return await open(file + LOCK, 'wx');
    } catch (error) {
      if (!hasCode(error, 'EEXIST') || retries === MOST_RETRIES) throw error;
      await setTimeout(RETRY_MS);
    }
  }
}

async function removeIfOld(lock: string): Promise<void> {
  const stats = await unlessMissing(stat(lock));
  if (stats && Date.now() - stats.mtimeMs > LONGEST_LOCK_MS) await rm(lock, { force: true });
}

function unlessMissing<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
