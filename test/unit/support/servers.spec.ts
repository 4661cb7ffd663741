/** Own servers are what fault tests stand on: that a verb does what it says is shown for each of them. */
import { Cluster, Redis } from 'ioredis';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { Client } from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { describeWith } from '../../support/backends.js';
import { MariadbServer } from '../../support/servers/mariadb.server.js';
import type { OwnServer } from '../../support/servers/own.server.js';
import { PostgresServer } from '../../support/servers/postgres.server.js';
import { RedisCluster } from '../../support/servers/redis.cluster.js';
import { RedisSentinel } from '../../support/servers/redis.sentinel.js';
import { RedisServer } from '../../support/servers/redis.server.js';
import { until } from '../../support/servers/until.js';

// Databases take seconds to start on a loaded machine.
vi.setConfig({ testTimeout: 60_000 });

/** Disposes of it when the test is over. */
async function own<S extends { dispose(): Promise<void> }>(starting: Promise<S>): Promise<S> {
  const server = await starting;
  onTestFinished(() => server.dispose());
  return server;
}

/** Counts in a table or a key; gives up when its connection breaks. */
interface Counter {
  /** Adds one, and answers with the sum. */
  next(): Promise<number>;
  close(): Promise<unknown>;
}

function testVerbs(start: () => Promise<OwnServer>, connect: (url: string) => Promise<Counter>): void {
  async function countOnce(url: string): Promise<number> {
    const counter = await connect(url);
    try {
      return await counter.next();
    } finally {
      await counter.close();
    }
  }

  it('keeps what it acknowledged over a stop, a kill and a restart', async () => {
    const server = await own(start());
    expect(await countOnce(server.url)).toBe(1);
    await server.stop();
    expect(server.isRunning).toBe(false);
    await expect(countOnce(server.url)).rejects.toThrow();
    await server.restart();
    expect(await countOnce(server.url)).toBe(2);
    await server.kill();
    await expect(countOnce(server.url)).rejects.toThrow();
    await server.restart();
    expect(await countOnce(server.url)).toBe(3);
  });

  it('answers nothing on open connections and new ones while frozen, and all when it goes on', async () => {
    const server = await own(start());
    const counter = await connect(server.url);
    expect(await counter.next()).toBe(1);
    server.freeze();
    const answers: number[] = [];
    const pending = [counter.next(), countOnce(server.url)].map((next) => next.then((sum) => answers.push(sum)));
    // Long enough for any server that isn't frozen; no other sign tells that something doesn't happen.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(answers).toEqual([]);
    server.thaw();
    await Promise.all(pending);
    expect(await counter.next()).toBe(4);
    await counter.close();
    server.freeze();
    await server.stop();
    expect(server.isRunning).toBe(false);
  });
}

await describeWith(RedisServer, 'RedisServer', () => {
  testVerbs(
    () => RedisServer.start({ appendonly: 'yes', appendfsync: 'always' }),
    async (url) => {
      const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
      client.on('error', () => undefined);
      await client.connect();
      return { next: () => client.incr('counter'), close: () => client.quit() };
    },
  );
});

await describeWith(PostgresServer, 'PostgresServer', () => {
  testVerbs(
    () => PostgresServer.start(),
    async (url) => {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      await client.query('CREATE TABLE IF NOT EXISTS counter (n int)');
      return {
        async next() {
          await client.query('INSERT INTO counter VALUES (1)');
          const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM counter');
          return rows[0]?.n ?? 0;
        },
        close: () => client.end(),
      };
    },
  );

  it('tells which statements it executed', async () => {
    const server = await own(PostgresServer.start({ log_statement: 'all' }));
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query('SELECT 0');
    const statements = await server.statementsDuring(async () => {
      await client.query('SELECT 1');
      await client.query('SELECT $1::int,\n  2', [5]);
      await client.query({ name: 'three', text: 'SELECT 3' });
    });
    await client.end();
    expect(statements).toEqual(['SELECT 1', 'SELECT $1::int,\n  2', 'SELECT 3']);
  });
});

await describeWith(MariadbServer, 'MariadbServer', () => {
  testVerbs(
    () => MariadbServer.start(),
    async (url) => {
      const client = await createConnection(url);
      client.on('error', () => undefined);
      await client.query('CREATE TABLE IF NOT EXISTS counter (n int)');
      return {
        async next() {
          await client.query('INSERT INTO counter VALUES (1)');
          const [rows] = await client.query<(RowDataPacket & { n: number })[]>('SELECT count(*) AS n FROM counter');
          return rows[0]?.n ?? 0;
        },
        close: () => client.end(),
      };
    },
  );
});

await describeWith(RedisCluster, 'RedisCluster', () => {
  it('serves while a slot moves, and replaces a master that is gone', async () => {
    const cluster = await own(RedisCluster.start({ replicas: 1 }));
    const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    onTestFinished(() => client.disconnect());
    await client.set('{a}1', 'one');
    const slot = await cluster.slotOf('{a}1');
    const from = await cluster.ownerOf(slot);
    const to = cluster.masters.find((master) => master !== from);
    if (to === undefined) throw new Error('One master only');
    await cluster.moveSlot(slot, to, async () => {
      await client.set('{a}2', 'two');
      expect(await cluster.ownerOf(slot)).toBe(from);
    });
    expect(await cluster.ownerOf(slot)).toBe(to);
    expect([await client.get('{a}1'), await client.get('{a}2')]).toEqual(['one', 'two']);
    await to.kill();
    await until('a replica has the slot', async () => (await cluster.ownerOf(slot)) !== to);
    expect(await client.get('{a}1')).toBe('one');
  });
});

await describeWith(RedisSentinel, 'RedisSentinel', () => {
  it('makes the replica the master when the master is gone', async () => {
    const { master, replica, sentinel, name } = await own(RedisSentinel.start());
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name });
    client.on('error', () => undefined);
    onTestFinished(() => client.disconnect());
    await client.set('a', '1');
    await client.wait(1, 1000);
    await master.kill();
    await client.set('b', '2');
    expect(await replica.ask('GET', 'a')).toBe('1');
    expect(await replica.ask('GET', 'b')).toBe('2');
  });
});
