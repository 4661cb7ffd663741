/** A statement whose text is built once: its parameters go by name, whatever the driver wants in their place. */
import { CompiledQuery } from 'kysely';

/** What statements are given. No booleans and no bigints: some driver refuses them. */
export type SqlValue = string | number | null;

/** What stands in the statement for its `position`th parameter (from 1 on). */
export interface Placeholder {
  /** Whether the same one may stand in several places. */
  readonly numbered: boolean;
  readonly at: (position: number) => string;
}

export class SqlStatement<Name extends string = never> {
  readonly #query: CompiledQuery;
  readonly #names: readonly Name[];

  /** @param text - with `:name` where a parameter goes; several times, if need be */
  constructor(text: string, placeholder: Placeholder) {
    const names: string[] = [];
    const sql = text.replaceAll(/:(\w+)/g, (_, name: string) => {
      const known = placeholder.numbered ? names.indexOf(name) + 1 : 0;
      return placeholder.at(known === 0 ? names.push(name) : known);
    });
    this.#query = CompiledQuery.raw(sql);
    this.#names = names as Name[];
  }

  with(values: Readonly<Record<Name, SqlValue>>): CompiledQuery {
    return { ...this.#query, parameters: this.#names.map((name) => values[name]) };
  }
}
