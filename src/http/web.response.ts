/** A web `Response` that a handler returns: its headers replace those set before, so ours go into it. */
import { CACHING_HEADERS, mergeHeader } from './headers.js';
import type { HttpResponse } from './http.exchange.js';

/** `value` as it is, unless it is a web `Response` with caching headers: then one that also has those set before. */
export function withSharedHeaders(value: unknown, response: HttpResponse): unknown {
  if (!(value instanceof Response)) return value;
  const merged = CACHING_HEADERS.flatMap((name) => {
    const set = response.getHeader(name);
    const own = value.headers.get(name);
    return own === null || set.length === 0 ? [] : [[name, mergeHeader(name, set, [own]).join(', ')] as const];
  });
  if (merged.length === 0) return value;
  // The headers of a fetched Response can't be changed.
  const headers = new Headers(value.headers);
  for (const [name, line] of merged) headers.set(name, line);
  const { status, statusText, body } = value;
  return new Response(body, { status, statusText, headers });
}
