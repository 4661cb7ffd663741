/** The servers that stores need: where they are, and whether they are there. */
import { once } from 'node:events';
import { connect } from 'node:net';

export interface StoreServer {
  /** In compose.yaml. */
  readonly service: string;
  readonly url: string;
  /** The environment's variable that holds the URL. */
  readonly variable: string;
  /** For URLs that name none. */
  readonly port: number;
}

const { REDIS_URL, POSTGRES_URL, MARIADB_URL } = process.env;

export const REDIS: StoreServer = {
  service: 'redis',
  url: REDIS_URL ?? 'redis://127.0.0.1:6379',
  variable: 'REDIS_URL',
  port: 6379,
};

export const POSTGRES: StoreServer = {
  service: 'postgres',
  url: POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test',
  variable: 'POSTGRES_URL',
  port: 5432,
};

export const MARIADB: StoreServer = {
  service: 'mariadb',
  url: MARIADB_URL ?? 'mysql://root@127.0.0.1:3306/test',
  variable: 'MARIADB_URL',
  port: 3306,
};

/** Ends the process if one doesn't answer, and says what to do. */
export async function checkServers(servers: readonly StoreServer[]): Promise<void> {
  for (const { service, url, variable, port } of servers) {
    // Never the whole URL: it may hold a password.
    const { hostname, port: given } = new URL(url);
    if (await answers(hostname, Number(given || port))) continue;
    console.error(`No ${service} answers at ${hostname}:${given || port}. Set ${variable}, or start one:
docker compose -f sample/03-stores/compose.yaml up --detach --wait ${service}`);
    process.exit(1);
  }
}

async function answers(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(3_000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
