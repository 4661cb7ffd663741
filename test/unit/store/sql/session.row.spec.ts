import { describe, expect, it } from 'vitest';
import { columnsOf, forwardText, opText, SessionRow } from '../../../../src/store/sql/session.row.js';
import { recordOf } from '../../fixtures/record.js';

const record = {
  ...recordOf({ created: 1, accessed: 2, ends: 10_000, attrs: new Map([['a', '"x"']]) }),
  principal: 'p',
  labels: '{"device":"phone"}',
  rotated: 3,
  authenticated: 4,
};
const columns = columnsOf('abcd.key', record, 'op');

describe('SessionRow', () => {
  it('gives a record as it was put in', () => {
    expect(new SessionRow(columns).read()).toEqual({ record });
  });

  it('takes integers in every shape that drivers give them', () => {
    for (const shape of [String, BigInt]) {
      const row = Object.fromEntries(
        Object.entries(columns).map(([name, value]) => [name, typeof value === 'number' ? shape(value) : value]),
      );
      expect(new SessionRow(row).read()).toEqual({ record });
    }
    expect(new SessionRow({ ...columns, persistent: true }).read()).toMatchObject({ record: { persistent: true } });
    expect(new SessionRow({ ...columns, persistent: false }).read()).toMatchObject({ record: { persistent: false } });
  });

  const NULLABLE = ['principal', 'labels', 'rotated', 'authenticated', 'ends'];
  const READ = Object.keys(columns).filter(
    (name) => !['id', 'expires', 'ops', 'previous', 'forwards_until', 'purge_at', ...NULLABLE].includes(name),
  );

  it.each(READ)('is broken without its %s', (name) => {
    expect(new SessionRow({ ...columns, [name]: null }).read()).toEqual({ broken: expect.stringMatching(/^it /) });
    expect(new SessionRow({ ...columns, [name]: undefined }).read()).toEqual({ broken: expect.stringMatching(/^it/) });
  });

  it.each(['{', '', '[]', '"text"', 'null', '{"a":1}', '{"a":null}', '{"a":{"b":"secret"}}'])(
    'is broken with the attributes %j, and says nothing of them',
    (attrs) => {
      expect(new SessionRow({ ...columns, attrs }).read()).toEqual({ broken: 'it is incomplete' });
    },
  );

  it.each(['1.5', 'secret', NaN, '', 2n ** 60n])('is broken with %s for a time', (created) => {
    expect(new SessionRow({ ...columns, created }).read()).toEqual({ broken: 'it is incomplete' });
  });

  it('remembers the writes that are in its list, whole', () => {
    const ops = ['new', 'newer', 'newest'].map(opText).join('').slice(0, -1);
    const row = new SessionRow({ ...columns, ops });
    expect(['new', 'newer', 'newest', 'ne', ''].map((op) => row.remembers(op))).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(new SessionRow({ ...columns, ops: ops.slice(0, -1) }).remembers('newest')).toBe(false);
    expect(new SessionRow({ ...columns, ops: null }).remembers('new')).toBe(false);
  });

  it('tells the forwards of whole keys, and none that was cut', () => {
    const first = forwardText('abcd.first', { until: 7, graceUntil: 3 });
    const previous = `${forwardText('abcd.second', { until: 8, graceUntil: 0 })}${first}`;
    const row = new SessionRow({ ...columns, previous });
    expect(row.forwardOf('abcd.first')).toEqual({ until: 7, graceUntil: 3 });
    expect(row.forwardOf('abcd.second')).toEqual({ until: 8, graceUntil: 0 });
    expect(row.forwardOf('abcd.irst')).toBeUndefined();
    expect(row.forwardOf('abcd.key')).toBeUndefined();
    expect(new SessionRow({ ...columns, previous: previous.slice(0, -1) }).forwardOf('abcd.first')).toBeUndefined();
    expect(new SessionRow({ ...columns, previous: null }).forwardOf('abcd.first')).toBeUndefined();
  });
});
