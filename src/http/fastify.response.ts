/** A reply of Fastify. It keeps headers of its own, which replace those of the raw response when they are sent. */
import type { ServerResponse } from 'node:http';
import { mergeHeader } from './headers.js';
import type { HttpResponse } from './http.exchange.js';
import { valuesOf } from './node.response.js';

/** The part of Fastify's reply that is used; declared here so that Fastify needn't be installed. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  getHeader(name: string): number | string | string[] | undefined;
  header(name: string, value: string | string[]): unknown;
  removeHeader(name: string): unknown;
}

export class FastifyResponse implements HttpResponse {
  readonly #reply: FastifyReplyLike;

  constructor(reply: FastifyReplyLike) {
    this.#reply = reply;
  }

  get headersSent(): boolean {
    return this.#reply.raw.headersSent;
  }

  getHeader(name: string): readonly string[] {
    return valuesOf(this.#reply.getHeader(name));
  }

  setHeader(name: string, values: readonly string[]): void {
    // `header` appends to Set-Cookie.
    this.#reply.removeHeader(name);
    const [first, ...more] = values;
    if (first !== undefined) this.#reply.header(name, more.length === 0 ? first : [...values]);
  }

  /** Keeps what was set on the raw response, in middleware, from being replaced by the reply's own headers of these names. */
  adoptRawHeaders(names: readonly string[]): void {
    for (const name of names) this.#adoptRawHeader(name);
  }

  #adoptRawHeader(name: string): void {
    const { raw } = this.#reply;
    const below = valuesOf(raw.getHeader(name));
    if (below.length === 0 || raw.headersSent) return;
    raw.removeHeader(name);
    this.setHeader(name, mergeHeader(name, below, this.getHeader(name)));
  }
}

export function isFastifyReply(response: unknown): response is FastifyReplyLike {
  if (typeof response !== 'object' || response === null) return false;
  const { raw, header } = response as Partial<Record<keyof FastifyReplyLike, unknown>>;
  return typeof raw === 'object' && typeof header === 'function';
}
