/** Finds the row of a session by any key that it has had, and follows it when it is rotated meanwhile. */
import { SessionError } from '../../session/session.error.js';
import type { Key } from '../../session/session.record.js';
import { searchOf, SessionRow } from './session.row.js';
import type { SessionStatements } from './session.statements.js';
import type { SqlQueries } from './sql.queries.js';

/** Every hop means that somebody else has rotated the session meanwhile. */
const MAX_HOPS = 100;

/** How a verb does its work. */
export interface Verb<T> {
  /** `undefined`: there is no such row. */
  readonly attempt: (id: Key) => Promise<T | undefined>;
  /** Why there was none, by the row that the key leads to. `undefined`: that one is meant, it is to be tried there. */
  readonly explain: (row: SessionRow) => T | undefined;
  /** The answer if the key leads to no row. */
  readonly absent: T;
}

export class SessionSearch {
  readonly #queries: SqlQueries;
  readonly #statements: SessionStatements;

  constructor(queries: SqlQueries, statements: SessionStatements) {
    this.#queries = queries;
    this.#statements = statements;
  }

  /** The row that has the key. */
  async at(key: Key): Promise<SessionRow | undefined> {
    const [row] = await this.#queries.rows(this.#statements.get.with({ id: key }));
    return row && new SessionRow(row);
  }

  /** The row of a key, or of the session that once had it. */
  find(key: Key): Promise<SessionRow | undefined> {
    return this.#findBy(this.#statements.find, key);
  }

  /** The same; in a transaction, it stays as it is until the end of that. */
  lock(key: Key): Promise<SessionRow | undefined> {
    return this.#findBy(this.#statements.lock, key);
  }

  /** What `attempt` answers for the key, or for the key that its session has by now. */
  async follow<T>(key: Key, { attempt, explain, absent }: Verb<T>): Promise<T> {
    let id = key;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const answer = await attempt(id);
      if (answer !== undefined) return answer;
      const row = await this.find(key);
      if (!row) return absent;
      const explanation = explain(row);
      if (explanation !== undefined) return explanation;
      ({ id } = row);
    }
    throw new SessionError('STORE_FAILED', 'A session was rotated again and again while it was looked for.');
  }

  async #findBy(statement: SessionStatements['find'], key: Key): Promise<SessionRow | undefined> {
    const found = await this.#queries.rows(statement.with(searchOf(key)));
    const rows = found.map((row) => new SessionRow(row));
    return rows.find((row) => row.id === key) ?? rows.find((row) => row.forwardOf(key));
  }
}
