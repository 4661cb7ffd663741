/** What Express adds to a request of `node:http`. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The response, which Express links to the request: the only sign of the end where nothing of ours waits for it. */
export function expressResponseOf(request: IncomingMessage): ServerResponse | undefined {
  return 'res' in request ? (request.res as ServerResponse | undefined) : undefined;
}
