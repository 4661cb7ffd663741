/** Who takes part in the bench over HTTP, and in what. */

export const PLATFORMS = ['express', 'fastify'] as const;
export type Platform = (typeof PLATFORMS)[number];

/**
 * `bare`: Nest without sessions. `floor`: the barest interceptor that finds something by a cookie, and checks nothing. `library`:
 * this one. `peer`: express-session on Express, @fastify/session on Fastify.
 */
export type Kind = 'bare' | 'floor' | 'library' | 'peer';

export const BACKENDS = ['memory', 'redis', 'postgres'] as const;
export type Backend = (typeof BACKENDS)[number];

/** One server, in a process of its own. `bare` keeps nothing anywhere. */
export interface Contender {
  readonly platform: Platform;
  readonly kind: Kind;
  readonly backend: Backend | undefined;
}

/**
 * `none`: a route that uses no session, asked by a client that has one. `read`, `change`: one attribute is read, or counted up.
 * `login`: a session is made, for a client that has none. `fetch`: a floor gets its bytes, and doesn't look into them.
 */
export type RouteName = 'none' | 'read' | 'change' | 'login' | 'fetch';

/** Bytes of a session's attributes, about. */
export const SIZES = [200, 2_000, 20_000] as const;
export type Size = (typeof SIZES)[number];

/** Something that a contender does again and again in each round. */
export interface Exercise {
  readonly contender: Contender;
  readonly route: RouteName;
  readonly size: Size;
}

export function contendersOf(platform: Platform, backends: readonly Backend[]): Contender[] {
  const bare = { platform, kind: 'bare', backend: undefined } as const;
  const others = backends.flatMap((backend) => {
    // There is no barest way to a database: it depends on what one asks of it.
    const kinds = backend === 'postgres' ? (['library', 'peer'] as const) : (['floor', 'library', 'peer'] as const);
    return kinds.map((kind) => ({ platform, kind, backend }));
  });
  return [bare, ...others];
}

/** What each contender does in a round: enough to see what size and backend make of it. */
export function exercisesOf(contender: Contender, sizes: readonly Size[]): Exercise[] {
  const { kind, backend } = contender;
  const [small, medium, large] = SIZES;
  const of = (route: RouteName, size: Size = small): Exercise => ({ contender, route, size });
  if (kind === 'bare') return [of('none'), of('read'), of('login')];
  // Where sessions are kept makes no difference to who uses none.
  const none = kind !== 'floor' && backend === 'memory' ? [of('none')] : [];
  const read = sizes.filter((size) => backend !== 'postgres' || size === small).map((size) => of('read', size));
  const changed = read.filter(({ size }) => size !== medium).map(({ size }) => of('change', size));
  const fetched = kind === 'floor' && backend === 'redis' && sizes.includes(large) ? [of('fetch', large)] : [];
  return [...none, ...read, ...changed, ...fetched, of('login')];
}
