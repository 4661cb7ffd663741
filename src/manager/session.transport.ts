/** How the client is told about its session, and how it tells us. */
import type { HttpRequest, HttpResponse } from '../http/http.exchange.js';
import type { RejectionReason } from '../session/session.events.js';

/** What a request presents as an id, or why that was rejected. */
export type Presented = { readonly id: string } | { readonly rejected: RejectionReason };

/** What a client has to know about the session whose id it is told. */
export interface Validity {
  /** Milliseconds to the absolute deadline, `undefined` if there is none. */
  readonly remaining: number | undefined;
  /** Whether the client keeps the id when the browser is closed. */
  readonly persistent: boolean;
}

/**
 * Reads ids from requests and writes them into responses. It knows no store and decides nothing about a session.
 * All methods are synchronous.
 */
export abstract class SessionTransport {
  /** What it occupies, for example `cookie __Host-sessid`. Two sessions of one application never share it. */
  abstract readonly carrier: string;

  /** What the request presents, in the order it is to be tried. What isn't there, isn't listed. Throws nothing. */
  abstract read(request: HttpRequest): readonly Presented[];

  /** Tells the client its id. Called before the headers are sent. Once more: the last one counts. */
  abstract tell(response: HttpResponse, id: string, validity: Validity): void;

  /** Tells the client to forget its id. */
  abstract clear(response: HttpResponse): void;

  /** Takes back what `tell` or `clear` wrote into this response. */
  abstract withdraw(response: HttpResponse): void;

  /** Whether clients don't keep what they are told over plain http. */
  get needsHttps(): boolean {
    return false;
  }

  /** Whether a client that presented no id is to be told by this transport, if it is the first that says so. */
  suits(_request: HttpRequest): boolean {
    return true;
  }
}
