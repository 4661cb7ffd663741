/** Texts that nobody can change read as the map they come from, few or many. */
import { describe, expect, it } from 'vitest';
import { FrozenTexts } from '../../../src/store/frozen.texts.js';

function mapOf(size: number): Map<string, string> {
  return new Map(Array.from({ length: size }, (_, number) => [`name ${number}`, `text ${number}`]));
}

describe.each([0, 1, 2, 16, 17, 3_000])('%i frozen texts', (size) => {
  it('are read by name', () => {
    const texts = FrozenTexts.of(mapOf(size));
    expect(texts.size).toBe(size);
    for (const [name, text] of mapOf(size)) expect([texts.get(name), texts.has(name)]).toEqual([text, true]);
    // A text is no name.
    for (const name of ['other', 'text 0', '']) expect([texts.get(name), texts.has(name)]).toEqual([undefined, false]);
  });

  it('are read one after the other, in the order of the map, in every way that a map has', () => {
    const map = mapOf(size);
    const texts = FrozenTexts.of(map);
    expect([...texts]).toEqual([...map]);
    expect([...texts.entries()]).toEqual([...map]);
    expect([...texts.keys()]).toEqual([...map.keys()]);
    expect([...texts.values()]).toEqual([...map.values()]);
    const visited: unknown[] = [];
    texts.forEach(function (this: unknown, text, name, whole) {
      visited.push([name, text, whole === texts, this]);
    }, 'this');
    expect(visited).toEqual([...map].map(([name, text]) => [name, text, true, 'this']));
  });

  it('stay as they are when the map changes', () => {
    const map = mapOf(size);
    const texts = FrozenTexts.of(map);
    map.set('name 0', 'changed');
    map.set('added', 'changed');
    expect(new Map(texts)).toEqual(mapOf(size));
  });

  it('are their own copy', () => {
    const texts = FrozenTexts.of(mapOf(size));
    expect(FrozenTexts.of(texts)).toBe(texts);
  });
});

it('an empty text is there', () => {
  const texts = FrozenTexts.of(new Map([['', '']]));
  expect([texts.size, texts.get(''), texts.has('')]).toEqual([1, '', true]);
});
