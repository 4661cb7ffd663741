/** Headers that more than one party writes: merged, never overwritten, nothing said twice. */
import { describe, expect, it } from 'vitest';
import { addToHeader, mergeHeader } from '../../../src/http/headers.js';
import { PlainResponse } from '../fixtures/plain.response.js';

describe('merging', () => {
  it.each<[what: string, name: string, first: string[], second: string[], merged: string[]]>([
    ['puts what is new behind what is there', 'Vary', ['Origin'], ['Cookie'], ['Origin, Cookie']],
    ['takes the lines of a list for one list', 'Vary', ['Origin', 'Accept'], ['Cookie'], ['Origin, Accept, Cookie']],
    ['leaves out what is there', 'Vary', ['Origin, Cookie'], ['Cookie'], ['Origin, Cookie']],
    ['compares without regard to case', 'vary', ['cookie'], ['Cookie'], ['Cookie']],
    ['leaves a Vary of everything alone', 'Vary', ['*'], ['Cookie'], ['*']],
    ['takes a Vary of everything over', 'VARY', ['Origin'], ['*'], ['*']],
    ['starts a list', 'Vary', [], ['Cookie'], ['Cookie']],
    ['does not take empty members for members', 'Vary', [', Origin,, '], ['Cookie'], ['Origin, Cookie']],
    ['keeps other directives', 'Cache-Control', ['private, max-age=5'], ['no-cache="Set-Cookie"'], ['private, max-age=5, no-cache="Set-Cookie"']], // prettier-ignore
    ['does not split at a comma in quotes', 'Cache-Control', ['no-cache="Set-Cookie, X"'], ['private'], ['no-cache="Set-Cookie, X", private']], // prettier-ignore
    ['does not split at a comma behind an escaped quote', 'Cache-Control', ['x="a\\",b"'], ['private'], ['x="a\\",b", private']], // prettier-ignore
    ['puts cookies side by side', 'Set-Cookie', ['a=1; Path=/'], ['b=2, 3'], ['a=1; Path=/', 'b=2, 3']],
    ['knows Set-Cookie by any case', 'set-cookie', ['a=1'], ['b=2'], ['a=1', 'b=2']],
    ['sets the same cookie once', 'Set-Cookie', ['a=1', 'b=2'], ['a=1'], ['a=1', 'b=2']],
    ['keeps cookies of one name that differ', 'Set-Cookie', ['a=1'], ['a=2'], ['a=1', 'a=2']],
  ])('%s', (_, name, first, second, merged) => {
    expect(mergeHeader(name, first, second)).toEqual(merged);
  });
});

describe('adding to a header', () => {
  it('adds what is not there', () => {
    const response = new PlainResponse({ Vary: ['Origin'] });
    addToHeader(response, 'Vary', 'Cookie');
    expect(response.getHeader('vary')).toEqual(['Origin, Cookie']);
  });

  it('twice says it once', () => {
    const response = new PlainResponse();
    addToHeader(response, 'Cache-Control', 'no-cache="Set-Cookie"');
    addToHeader(response, 'Cache-Control', 'no-cache="Set-Cookie"');
    expect(response.getHeader('Cache-Control')).toEqual(['no-cache="Set-Cookie"']);
  });
});
