/** A backend that a test cripples: a server of its own, the network before it, and stores that use it by that way. */
import type { SessionStore } from 'nestjs-http-session';
import type { EventEmitter } from 'node:events';
import type { OwnServer } from '../../support/servers/own.server.js';
import type { TcpProxy } from '../../support/tcp.proxy.js';

export interface Stage {
  readonly server: OwnServer;
  readonly proxy: TcpProxy;
  /** What requests that write look like on the wire. */
  readonly writes: RegExp;
  /** Most connections that the application's client has. */
  readonly maxConnections: number;
  /** Whether the client sends again what it got no reply to. */
  readonly resends: boolean;

  /** A store as the application has it: by its client, over the network that fails. */
  openStore(): SessionStore;
  /** A store on the same sessions as another process has it, over a network that doesn't fail. */
  openStoreBeside(): SessionStore;
  /** Who listens to the application's client. */
  listeners(): Listeners;
  /** Has the server end all connections. */
  endConnections(): Promise<void>;
  /** Says of all sessions that they are of another format. */
  setFormat(format: number): Promise<void>;
  /** How many sessions there are, readable or not. */
  count(): Promise<number>;
  /** Closes the clients, as an application does at its end. */
  close(): Promise<void>;
  /** Ends the servers. */
  dispose(): Promise<void>;
}

/** How many there are, by event. */
export type Listeners = Readonly<Record<string, number>>;

export function listenersOf(emitter: Pick<EventEmitter, 'eventNames' | 'listenerCount'>): Listeners {
  return Object.fromEntries(emitter.eventNames().map((name) => [String(name), emitter.listenerCount(name)]));
}

/** What is lost with a connection, each call tells. */
export function ignore(): void {}
