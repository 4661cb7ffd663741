/** What Express adds to a request of `node:http`. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** The response, which Express links to the request: the only sign of the end where nothing of ours waits for it. */
export function expressResponseOf(request: IncomingMessage): ServerResponse | undefined {
  return 'res' in request ? (request.res as ServerResponse | undefined) : undefined;
}

/** The route as it was declared, for messages; never the URL, which may carry secrets. */
export function routeOf(request: IncomingMessage): string {
  const route = 'route' in request ? (request.route as { path?: unknown } | undefined) : undefined;
  return `${request.method} ${typeof route?.path === 'string' ? route.path : '(no route)'}`;
}
