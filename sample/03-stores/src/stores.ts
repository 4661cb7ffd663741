/** What STORE may be. A store's file is loaded when it is chosen: nobody needs the drivers of the others. */
import type { Connection } from './connection.js';
import { MARIADB, POSTGRES, REDIS, type StoreServer } from './servers.js';

export interface StoreChoice {
  readonly name: string;
  readonly servers: readonly StoreServer[];
  connect(): Promise<Connection>;
}

const STORES: readonly StoreChoice[] = [
  { name: 'sqlite', servers: [], connect: async () => (await import('./stores/sqlite.js')).connect() },
  { name: 'redis', servers: [REDIS], connect: async () => (await import('./stores/redis.js')).connect() },
  { name: 'postgres', servers: [POSTGRES], connect: async () => (await import('./stores/postgres.js')).connect() },
  { name: 'mariadb', servers: [MARIADB], connect: async () => (await import('./stores/mariadb.js')).connect() },
  { name: 'cache', servers: [REDIS], connect: async () => (await import('./stores/cache.js')).connect() },
  { name: 'tiered', servers: [REDIS, POSTGRES], connect: async () => (await import('./stores/tiered.js')).connect() },
];

/** The one in STORE. Ends the process if there is none of that name. */
export function chosenStore(): StoreChoice {
  const { STORE = 'sqlite' } = process.env;
  const choice = STORES.find(({ name }) => name === STORE);
  if (choice) return choice;
  console.error(`There is no STORE=${STORE}. There are ${STORES.map(({ name }) => name).join(', ')}.`);
  process.exit(1);
}
