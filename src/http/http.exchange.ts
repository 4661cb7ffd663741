/** What we need of a request and of a response, whatever platform they come from. */
import type { IncomingHttpHeaders } from 'node:http';

/** The part of a request that transports read. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders;
}

/** The part of a response that transports write. Header names are case-insensitive. */
export interface HttpResponse {
  /** Whether it is too late to set a header. */
  readonly headersSent: boolean;
  /** All values of a header, none if it isn't set. */
  getHeader(name: string): readonly string[];
  /** Replaces all values of a header; none: removes it. */
  setHeader(name: string, values: readonly string[]): void;
}
