/** A Redis Cluster of one's own: three masters, and replicas if asked for. */
import { freePort } from './free.port.js';
import type { Settings } from './own.server.js';
import { RedisServer } from './redis.server.js';
import { until } from './until.js';

const MASTERS = 3;
const SLOTS = 16_384;

export interface RedisClusterOptions {
  /** How many each master has. Default: none. */
  readonly replicas?: number;
  /** For each node, as for `RedisServer`. A replica takes over `cluster-node-timeout` milliseconds after its master went. */
  readonly settings?: Settings;
}

export class RedisCluster {
  static readonly need = RedisServer.need;
  /** As they were at the start: a failover makes a replica a master. */
  readonly masters: readonly RedisServer[];
  /** One of each master, then the next of each. */
  readonly replicas: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.masters = nodes.slice(0, MASTERS);
    this.replicas = nodes.slice(MASTERS);
  }

  static isAvailable(): boolean {
    return RedisServer.isAvailable();
  }

  /** Resolves when every node finds the cluster in order; masters take their time for that, two seconds. */
  static async start({ replicas = 0, settings = {} }: RedisClusterOptions = {}): Promise<RedisCluster> {
    const starts = await Promise.allSettled(
      Array.from({ length: MASTERS * (1 + replicas) }, () => startNode(settings)),
    );
    const cluster = new RedisCluster(starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
    try {
      for (const start of starts) if (start.status === 'rejected') throw start.reason;
      await cluster.#form();
      return cluster;
    } catch (error) {
      await cluster.dispose();
      throw error;
    }
  }

  get nodes(): readonly RedisServer[] {
    return [...this.masters, ...this.replicas];
  }

  get urls(): readonly string[] {
    return this.nodes.map(({ url }) => url);
  }

  /** The number of the slot that a key belongs to. */
  async slotOf(key: string): Promise<number> {
    return Number(await this.#anyNode().ask('CLUSTER', 'KEYSLOT', key));
  }

  /** The master that has this slot now. */
  async ownerOf(slot: number): Promise<RedisServer> {
    const ranges = await this.#anyNode().ask('CLUSTER', 'SLOTS');
    for (const [first, last, [, port]] of ranges as [number, number, [string, number]][]) {
      const owner = first <= slot && slot <= last && this.nodes.find((node) => node.port === port);
      if (owner) return owner;
    }
    throw new Error(`No node has slot ${slot}`);
  }

  /**
   * Moves a slot and its keys, as resharding does.
   * @param halfway - runs when the keys are at the new node already, but clients still ask the old one
   * @param begun - runs when half of the keys are
   */
  async moveSlot(
    slot: number,
    to: RedisServer,
    halfway: () => Promise<void> = async () => {},
    begun: () => Promise<void> = async () => {},
  ): Promise<void> {
    const from = await this.ownerOf(slot);
    const [source, target] = [await idOf(from), await idOf(to)];
    const set = (node: RedisServer, ...change: string[]) => node.ask('CLUSTER', 'SETSLOT', String(slot), ...change);
    await set(to, 'IMPORTING', source);
    await set(from, 'MIGRATING', target);
    const keys = (await from.ask('CLUSTER', 'GETKEYSINSLOT', String(slot), '1000000')) as string[];
    const half = Math.ceil(keys.length / 2);
    await migrate(keys.slice(0, half), from, to);
    await begun();
    await migrate(keys.slice(half), from, to);
    await halfway();
    // The new node first: it must not hear from the old one that it has the slot before it knows so itself.
    for (const node of new Set([to, from, ...this.masters])) await set(node, 'NODE', target);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.dispose()));
  }

  async #form(): Promise<void> {
    const ids = await Promise.all(this.nodes.map(idOf));
    for (const [index, master] of this.masters.entries()) {
      const [first, next] = [index, index + 1].map((border) => Math.floor((border * SLOTS) / MASTERS)) as [
        number,
        number,
      ];
      await master.ask('CLUSTER', 'ADDSLOTSRANGE', String(first), String(next - 1));
      // With one epoch for all they would first have to settle whose is higher.
      await master.ask('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const node of this.nodes) {
      const [, busPort] = (await node.ask('CONFIG', 'GET', 'cluster-port')) as [string, string];
      await this.#anyNode().ask('CLUSTER', 'MEET', '127.0.0.1', String(node.port), busPort);
    }
    await this.#every('knows all', async (node) => {
      const known = String(await node.ask('CLUSTER', 'NODES'));
      return ids.every((id) => known.includes(id));
    });
    for (const [index, replica] of this.replicas.entries()) {
      await replica.ask('CLUSTER', 'REPLICATE', ids[index % MASTERS] ?? '');
    }
    await this.#every('is in order', async (node) => {
      const replicas = String(await node.ask('CLUSTER', 'NODES')).match(/\bslave\b/g) ?? [];
      const isOk = String(await node.ask('CLUSTER', 'INFO')).includes('cluster_state:ok');
      const isBehind = String(await node.ask('INFO', 'replication')).includes('master_link_status:down');
      return isOk && !isBehind && replicas.length === this.replicas.length;
    });
  }

  #every(state: string, isSo: (node: RedisServer) => Promise<boolean>): Promise<void> {
    return until(`every node of the cluster ${state}`, async () => {
      const answers = await Promise.all(this.nodes.map(isSo));
      return answers.every(Boolean);
    });
  }

  #anyNode(): RedisServer {
    const node = this.nodes.find(({ isRunning }) => isRunning);
    if (node === undefined) throw new Error('No node of the cluster runs');
    return node;
  }
}

async function startNode(settings: Settings): Promise<RedisServer> {
  // Unless told otherwise, the bus has the port 10,000 above, which may be taken.
  return RedisServer.start({
    'cluster-enabled': 'yes',
    'cluster-port': await freePort(),
    'cluster-node-timeout': 2_000,
    ...settings,
  });
}

async function migrate(keys: readonly string[], from: RedisServer, to: RedisServer): Promise<void> {
  if (keys.length > 0) await from.ask('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
}

async function idOf(node: RedisServer): Promise<string> {
  return String(await node.ask('CLUSTER', 'MYID'));
}
