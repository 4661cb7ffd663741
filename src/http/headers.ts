/** Headers that more than one party writes. */
import type { HttpResponse } from './http.exchange.js';

/** The headers that say who may cache a response with a session's id. */
export const CACHING_HEADERS = ['cache-control', 'vary'] as const;

/** The headers that come with a session's id, and that must survive what others write. */
export const SHARED_HEADERS = ['set-cookie', ...CACHING_HEADERS] as const;

/** Adds to a header's values what isn't there yet. */
export function addToHeader(response: HttpResponse, name: string, value: string): void {
  response.setHeader(name, mergeHeader(name, response.getHeader(name), [value]));
}

/** Both values of a header: cookies side by side, the members of lists in one line, each once. */
export function mergeHeader(name: string, first: readonly string[], second: readonly string[]): readonly string[] {
  if (first.length === 0 && second.length < 2) return second;
  if (name.toLowerCase() === 'set-cookie') return [...new Set([...first, ...second])];
  const members = new Map([...first, ...second].flatMap(splitList).map((member) => [member.toLowerCase(), member]));
  if (name.toLowerCase() === 'vary' && members.has('*')) return ['*'];
  return [[...members.values()].join(', ')];
}

/** The members of a response's caching headers, by the header's name. */
export type CachingHeaders = readonly (readonly [name: string, members: readonly string[]])[];

export function cachingHeadersOf(response: HttpResponse): CachingHeaders {
  return CACHING_HEADERS.map((name) => [name, response.getHeader(name).flatMap(splitList)]);
}

/** Those that came since `before`. */
export function addedTo(before: CachingHeaders, response: HttpResponse): CachingHeaders {
  return cachingHeadersOf(response).flatMap(([name, members], index) => {
    const added = members.filter((member) => !before[index]?.[1].includes(member));
    return added.length > 0 ? [[name, added]] : [];
  });
}

/** The members of a comma-separated list; commas inside of quotes separate nothing. */
function splitList(line: string): string[] {
  return (line.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g) ?? [])
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
