/** What of a client's errors may be told: which kind it is. All else of them may carry keys and values. */

/** The kinds of errors that Redis replies with, which begin with it: `OOM command not allowed when …`. */
const REPLY_KIND = /^([A-Z][A-Z\d_]+) /;

export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';
  /** Redis's own word (`OOM`, `READONLY`, `CLUSTERDOWN`), else the client's or the system's (`ECONNREFUSED`). */
  readonly code: string;

  constructor(code: string) {
    super(`Redis failed (${code}).`);
    this.code = code;
  }

  static of(error: unknown): RedisFailure {
    return error instanceof RedisFailure ? error : new RedisFailure(kindOf(error));
  }
}

/** Whether Redis replied with an error of this kind. */
export function isReply(error: unknown, kind: string): boolean {
  return error instanceof Error && error.message.startsWith(kind);
}

function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const [, reply] = REPLY_KIND.exec(error.message) ?? [];
  if (reply !== undefined) return reply;
  if ('code' in error && typeof error.code === 'string' && /^\w+$/.test(error.code)) return error.code;
  // node-redis's errors have classes, but no names.
  return error.name === 'Error' ? error.constructor.name : error.name;
}
