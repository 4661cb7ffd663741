/** What the bench and its servers tell each other. */
import type { Contender } from './contender.js';

/** Which server to be: the one argument of the process, as JSON. */
export interface ServerSettings {
  readonly contender: Contender;
  /** Before the keys, or in the table's name, of what is kept in backends. */
  readonly prefix: string;
}

export type ServerMessage =
  { readonly type: 'listening'; readonly port: number } | { readonly type: 'usage'; readonly usage: Usage };

/** What a server has done since it began. */
export interface Usage {
  /** Processor time of the whole process, in microseconds. */
  readonly cpu: number;
  readonly requests: number;
}

export type BenchMessage = 'usage' | 'stop';
