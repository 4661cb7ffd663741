/** A response of `node:http`, and so of Express. */
import type { ServerResponse } from 'node:http';
import type { HttpResponse } from './http.exchange.js';

export class NodeResponse implements HttpResponse {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get headersSent(): boolean {
    return this.#response.headersSent;
  }

  getHeader(name: string): readonly string[] {
    return valuesOf(this.#response.getHeader(name));
  }

  setHeader(name: string, values: readonly string[]): void {
    const [first, ...more] = values;
    if (first === undefined) this.#response.removeHeader(name);
    else this.#response.setHeader(name, more.length === 0 ? first : values);
  }
}

/** A header's values as Node keeps them: nothing, one, or many. */
export function valuesOf(header: number | string | readonly string[] | undefined): readonly string[] {
  if (header === undefined) return [];
  return Array.isArray(header) ? header.map(String) : [String(header)];
}
