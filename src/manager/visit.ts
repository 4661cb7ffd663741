/** What is known of one request: shared by everything that asks for its session. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { addedTo, type CachingHeaders } from '../http/headers.js';
import type { HttpResponse } from '../http/http.exchange.js';
import type { Session } from '../session/session.js';
import type { SessionTransport } from './session.transport.js';

export class Visit {
  readonly request: IncomingMessage;
  /** The request as its platform hands it out: it knows its route. */
  source: unknown;
  /** The one load, while it is on its way. It never rejects: its outcome is in the fields below. */
  loading: Promise<void> | undefined;
  loaded = false;
  session: Session | undefined;
  /** Why the session couldn't be loaded. */
  failure: Error | undefined;
  /** The id that led to the session. */
  presentedId: string | undefined;
  /** An id that it presented, of a session that has another one by now. */
  rotatedId: string | undefined;
  /** What the request presented its id by, or the client was told by. */
  transport: SessionTransport | undefined;
  /** The response in which the client was told. */
  told: HttpResponse | undefined;
  /** An id was told, or cleared. */
  wrote = false;
  /** What it was told of caching with that. A web Response that a handler returns may bring headers that replace it. */
  cachingHeaders: CachingHeaders = [];
  /** The last response object seen: it tells whether a commit comes late. */
  response: HttpResponse | undefined;
  /** The response of `node:http`, if it is known: it tells when all is over. */
  rawResponse: ServerResponse | undefined;
  /** A handler was given the session. */
  handled = false;
  /** Somebody waits for the handler, and commits when it is done. */
  attended = false;
  /** When the handler is done, its response may be on its way already, or go out at any moment. */
  isAnsweredByHandler = false;
  /** Something is committed when the response closes, if it wasn't before. */
  closing = false;
  /** The commit failed, or the session was gone: that was dealt with, and isn't tried again. */
  failed = false;

  /** The last verb of the manager that this request called, while it is on its way. */
  turn: Promise<unknown> | undefined;

  constructor(request: IncomingMessage) {
    this.request = request;
    this.source = request;
  }

  /** Login, logout and rotation of one request come one after another: the last one asked for is what the client is told. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.turn?.then(work, work) ?? work();
    const done = () => {
      if (this.turn === mine) this.turn = undefined;
    };
    this.turn = mine;
    mine.then(done, done);
    return mine;
  }

  /** @param before - the caching headers as they were */
  wroteInto(response: HttpResponse, before: CachingHeaders): void {
    this.response = response;
    this.wrote = true;
    this.cachingHeaders = [...this.cachingHeaders, ...addedTo(before, response)];
  }

  /** The commit failed: the client gets no id, and nobody tries again. */
  fail(error: unknown): never {
    this.failed = true;
    this.withdraw();
    throw error;
  }

  /** Takes back what the client was told, if it can be. */
  withdraw(): void {
    if (this.told && !this.told.headersSent) this.transport?.withdraw(this.told);
    this.told = undefined;
  }
}
