/** What the store needs of a client, whatever its library. */
export interface RedisConnection {
  /** Whether keys of different tags may be at different nodes, so that no one command may have both. */
  readonly isCluster: boolean;

  /**
   * Sends a command to the master that has `key`; without one, to any. Replies are texts, and arrays or maps of them, but
   * a map may come as an object, a `Map` or a flat array. Rejects with what the client rejects with.
   */
  send(key: string | undefined, command: string, args: readonly string[]): Promise<unknown>;
}
