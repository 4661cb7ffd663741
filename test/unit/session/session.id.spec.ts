/** Ids and keys: what reaches a store, what survives a rotation, and what opens nothing elsewhere. */
import { describe, expect, it } from 'vitest';
import { isWellFormedId, keyOf, newId, secretLengthOf, tagOf } from '../../../src/session/session.id.js';

const SECRET = 's'.repeat(24);

describe('a text has the shape of an id', () => {
  it.each([
    ['the shortest', `tagg.${'s'.repeat(22)}`, true],
    ['one with a secret a character shorter', `tagg.${'s'.repeat(21)}`, false],
    ['one of 256 characters', `tagg.${'s'.repeat(251)}`, true],
    ['one of 257 characters', `tagg.${'s'.repeat(252)}`, false],
    ['one with all characters of base64url', `aZ_-.${'AZaz09_-'.repeat(3)}`, true],
    ['one with a tag of twelve characters', `${'t'.repeat(12)}.${SECRET}`, true],
    ['one with a tag of thirteen', `${'t'.repeat(13)}.${SECRET}`, false],
    ['one with a tag of three', `tag.${SECRET}`, false],
    ['one without a tag', SECRET, false],
    ['one with an empty tag', `.${SECRET}`, false],
    ['one with two dots', `tagg.${SECRET}.x`, false],
    ['an empty text', '', false],
    ['one with a space', `tagg.${SECRET} `, false],
    ['one with a line break at its end', `tagg.${SECRET}\n`, false],
    ['one with NUL', `tagg.\0${SECRET}`, false],
    ['one of base64', `tagg.${'+'.repeat(24)}`, false],
    ['one of letters that are not ASCII', `tagg.${'ä'.repeat(24)}`, false],
    ['one with braces, which mean something to Redis Cluster', `{ag}.${SECRET}`, false],
  ])('%s', (_, text, wellFormed) => {
    expect(isWellFormedId(text)).toBe(wellFormed);
  });
});

describe('a new id', () => {
  it.each([16, 18, 32, 180])('of %i random bytes has the shape of one, and tells its length', (idLength) => {
    const id = newId(idLength);
    expect(isWellFormedId(id)).toBe(true);
    expect(secretLengthOf(id)).toBe(idLength);
  });

  it('keeps the tag it is given, and has a new secret', () => {
    const id = newId(18);
    const next = newId(18, tagOf(id));
    expect(tagOf(next)).toBe(tagOf(id));
    expect(next).not.toBe(id);
  });

  it('is never the same again', () => {
    expect(new Set(Array.from({ length: 10_000 }, () => newId(16))).size).toBe(10_000);
  });
});

describe('the key of an id', () => {
  const id = `tagg.${SECRET}`;

  it('is the same each time, in every process', () => {
    expect(keyOf('default', id)).toBe('tagg.rxp-pWuAWgZ-JfipqXQtBhSarW6FeTRPcF8vDc0Z7uw');
  });

  it('starts with the tag and tells nothing of the secret', () => {
    const key = keyOf('default', id);
    expect(tagOf(key)).toBe('tagg');
    expect(key).toMatch(/^tagg\.[\w-]{43}$/);
    expect(key).not.toContain(SECRET.slice(0, 8));
  });

  it("is another one under another session's name", () => {
    expect(keyOf('admin', id)).not.toBe(keyOf('default', id));
  });

  it('is another one for every other id', () => {
    expect(keyOf('default', `tagg.${'s'.repeat(23)}t`)).not.toBe(keyOf('default', id));
    expect(keyOf('default', `tagh.${SECRET}`)).not.toBe(keyOf('default', id));
  });

  it('is not the same for another name and an id that look alike together', () => {
    expect(keyOf('a', 'bcde.f')).not.toBe(keyOf('ab', 'cde.f'));
  });
});
