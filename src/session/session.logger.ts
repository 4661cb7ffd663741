/** Where the library reports to. */
export type SessionLogger = Pick<Console, 'debug' | 'warn' | 'error'>;
