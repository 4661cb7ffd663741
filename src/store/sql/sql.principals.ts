/** What concerns all sessions of a principal: the list, the limit, the end of all. Their rows lie together, by their tag. */
import { tagOf } from '../../session/session.id.js';
import type { Key, SessionRecord } from '../../session/session.record.js';
import { displacedBy } from '../session.limit.js';
import type { Added, AddOptions, ListedSession, SessionLimit } from '../session.store.js';
import { columnsOf, rangeOf, SessionRow } from './session.row.js';
import { SessionSearch } from './session.search.js';
import type { SessionStatements } from './session.statements.js';
import type { SqlQueries } from './sql.queries.js';
import type { SqlRunner } from './sql.runner.js';

export class SqlPrincipals {
  readonly #runner: SqlRunner;
  readonly #statements: SessionStatements;

  constructor(runner: SqlRunner, statements: SessionStatements) {
    this.#runner = runner;
    this.#statements = statements;
  }

  list(tag: string, now: number): Promise<ListedSession[]> {
    return this.#list(this.#runner, tag, now);
  }

  /** Adds a session, in the place of others if it has to be. */
  add(key: Key, record: SessionRecord, options: AddOptions, limit: SessionLimit): Promise<Added> {
    const { op, replaces } = options;
    return this.#runner.transaction(tagOf(key), async (queries) => {
      const search = new SessionSearch(queries, this.#statements);
      const taken = await search.find(key);
      if (taken) return taken.remembers(op) ? 'added' : 'exists';
      const replaced = replaces === undefined ? undefined : await search.find(replaces);
      const listed = await this.#list(queries, tagOf(key), Math.floor(record.created));
      // It may have been rotated since it was found.
      const leaving = listed.find(({ outline }) => outline.handle === replaced?.handle);
      const displaced = displacedBy(limit, listed, leaving?.key);
      if (displaced === 'limit') return 'limit';
      await queries.affected(this.#statements.insert.with(columnsOf(key, record, op)));
      if (replaced) await this.#remove(queries, replaced.id, replaced.handle);
      const handles: string[] = [];
      for (const one of displaced) {
        const { handle } = one.outline;
        if (await this.#remove(queries, one.key, handle)) handles.push(handle);
      }
      return handles.length === 0 ? 'added' : { displaced: handles };
    });
  }

  removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    const range = rangeOf(tag);
    return this.#runner.transaction(tag, async (queries) => {
      // No session has this handle.
      let handle = '';
      if (except !== undefined) {
        const spared = await new SessionSearch(queries, this.#statements).lock(except);
        if (!spared?.recordFor(except, now)) return 'gone';
        ({ handle } = spared);
      }
      // Without a condition the second one removes whatever is there, and yet what it removes is counted.
      await queries.affected(this.#statements.removeOver.with({ ...range, now }));
      return queries.affected(this.#statements.removeOthers.with({ ...range, handle }));
    });
  }

  async #list(queries: SqlQueries, tag: string, now: number): Promise<ListedSession[]> {
    const rows = await queries.rows(this.#statements.list.with({ ...rangeOf(tag), now }));
    return rows.flatMap((row) => new SessionRow(row).listed() ?? []);
  }

  /** By its handle: it may be rotated at any time. */
  async #remove(queries: SqlQueries, key: Key, handle: string): Promise<boolean> {
    const named = { ...rangeOf(tagOf(key)), handle };
    return (await queries.affected(this.#statements.removeNamed.with(named))) > 0;
  }
}
