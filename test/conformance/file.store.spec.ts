/** The documentation's example of a store of one's own keeps every promise, over two instances on one directory too. */
import type { SessionStore } from 'nestjs-http-session';
import { testSessionStore } from 'nestjs-http-session/testing';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { MarkdownPage } from '../support/markdown.page.js';
import { recordOf } from '../unit/fixtures/record.js';
import { FileStore } from './file.store.js';

const directories = new WeakMap<SessionStore, string>();
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'file-store-'));
});
afterAll(() => rm(root, { recursive: true }));

async function newStore(): Promise<FileStore> {
  const directory = await mkdtemp(join(root, 'sessions-'));
  const store = new FileStore(directory);
  directories.set(store, directory);
  return store;
}

describe('FileStore', () => {
  testSessionStore({ describe, it }, newStore, {
    shared: true,
    atomic: true,
    acknowledged: 'backend',
    createSecondStore: (first) => new FileStore(directories.get(first) ?? root),
  });
});

describe('FileStore', () => {
  it('is written in fewer than 100 lines', async () => {
    const source = await readFile(new URL('file.store.ts', import.meta.url), 'utf8');
    expect(source.trimEnd().split('\n').length).toBeLessThan(100);
  });

  it('is what the guide shows, to the letter', async () => {
    const source = await readFile(new URL('file.store.ts', import.meta.url), 'utf8');
    const guide = new MarkdownPage('docs/writing-a-store.md');
    expect(guide.blocks.find(({ example }) => example === 'fileStore')?.code).toBe(source);
  });

  it('reads a truncated file as broken, whatever is left of it, and leaves it there until it is removed', async () => {
    const store = await newStore();
    const directory = directories.get(store) ?? root;
    await store.add('tag.key', recordOf({ attrs: new Map([['a', '1']]) }), { op: 'op' });
    const [name = ''] = await readdir(directory);
    const { length } = await readFile(join(directory, name));
    for (let left = length - 1; left >= 0; left--) {
      await truncate(join(directory, name), left);
      expect(await store.get('tag.key', 0)).toEqual({ broken: expect.any(String) });
    }
    await store.purge({ now: 1e15, batchSize: 100, deadline: 60_000 });
    expect(await readdir(directory)).toEqual([name]);
    expect(await store.remove('tag.key')).toBe(true);
    expect(await readdir(directory)).toEqual([]);
  });

  it('lets a purge remove the locks that dead processes left, and no others', async () => {
    const store = await newStore();
    const directory = directories.get(store) ?? root;
    for (const name of ['dead.lock', 'living.lock']) await writeFile(join(directory, name), '');
    const longAgo = Date.now() / 1_000 - 120;
    await utimes(join(directory, 'dead.lock'), longAgo, longAgo);
    await store.purge({ now: 0, batchSize: 100, deadline: 60_000 });
    expect(await readdir(directory)).toEqual(['living.lock']);
  });

  it('leaves no lock behind when a write fails', async () => {
    const store = await newStore();
    const directory = directories.get(store) ?? root;
    await mkdir(join(directory, Buffer.from('tag.key').toString('hex')));
    await expect(store.add('tag.key', recordOf(), { op: 'op' })).rejects.toMatchObject({ code: 'EISDIR' });
    expect((await readdir(directory)).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('rejects when it can not reach its files, and is not empty then', async () => {
    const store = await newStore();
    await store.add('tag.key', recordOf(), { op: 'op' });
    const directory = directories.get(store) ?? root;
    await rm(directory, { recursive: true });
    await writeFile(directory, 'no directory');
    onTestFinished(() => rm(directory));
    await expect(store.get('tag.key', 0)).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(store.add('tag.key', recordOf(), { op: 'op' })).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
