/** Where the library reports to. */
export type SessionLogger = Pick<Console, 'debug' | 'warn' | 'error'>;

export const SILENT: SessionLogger = { debug: ignore, warn: ignore, error: ignore };

function ignore(): void {}
