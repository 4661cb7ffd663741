import { describe, expect, it } from 'vitest';
import { SqlStatement } from '../../../../src/store/sql/sql.statement.js';

const TEXT = 'UPDATE t SET a = :a, b = :b WHERE a < :a AND c = :c';

describe('SqlStatement', () => {
  it('has numbered placeholders once for each name', () => {
    const placeholder = { numbered: true, at: (position: number) => `$${position}` };
    const query = new SqlStatement<'a' | 'b' | 'c'>(TEXT, placeholder).with({ a: 1, b: 'x', c: null });
    expect(query.sql).toBe('UPDATE t SET a = $1, b = $2 WHERE a < $1 AND c = $3');
    expect(query.parameters).toEqual([1, 'x', null]);
  });

  it('repeats what placeholders without a number stand for', () => {
    const placeholder = { numbered: false, at: () => '?' };
    const statement = new SqlStatement<'a' | 'b' | 'c'>(TEXT, placeholder);
    const first = statement.with({ a: 1, b: 'x', c: null });
    const second = statement.with({ c: 4, b: 3, a: 2 });
    expect(first.sql).toBe('UPDATE t SET a = ?, b = ? WHERE a < ? AND c = ?');
    expect([first.parameters, second.parameters]).toEqual([
      [1, 'x', 1, null],
      [2, 3, 2, 4],
    ]);
    expect(second.sql).toBe(first.sql);
  });
});
