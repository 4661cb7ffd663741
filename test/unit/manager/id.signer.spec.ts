/** Signed ids: who doesn't know a secret can't make one that verifies. */
import { describe, expect, it } from 'vitest';
import { IdSigner } from '../../../src/manager/id.signer.js';

const ID = `tagg.${'s'.repeat(24)}`;

describe('a signed id', () => {
  const signer = new IdSigner('__Host-sessid', ['new', 'old']);
  const signed = signer.sign(ID);

  it('is the id and its signature, and verifies', () => {
    expect(signed).toMatch(/^tagg\.s{24}\.[\w-]{43}$/);
    expect(signer.verify(signed)).toBe(ID);
  });

  it('is the same in every process', () => {
    expect(new IdSigner('__Host-sessid', ['new']).sign(ID)).toBe(signed);
  });

  it('verifies by every secret: the first signs, those behind it are on their way out', () => {
    const before = new IdSigner('__Host-sessid', ['old']).sign(ID);
    expect(before).not.toBe(signed);
    expect(signer.verify(before)).toBe(ID);
    expect(new IdSigner('__Host-sessid', ['old', 'new']).verify(signed)).toBe(ID);
  });

  it('does not verify once its secret is gone', () => {
    expect(new IdSigner('__Host-sessid', ['newest']).verify(signed)).toBeUndefined();
  });

  it('does not verify for another cookie', () => {
    expect(new IdSigner('__Host-admin', ['new']).verify(signed)).toBeUndefined();
  });

  it.each<[string, string]>([
    ['the id alone', ID],
    ['nothing', ''],
    ['the signature alone', signed.slice(ID.length)],
    ['an empty signature', `${ID}.`],
    ['a signature cut short', signed.slice(0, -1)],
    ['a longer signature', `${signed}A`],
    ['another id', signed.replace('s', 't')],
    ['another tag', signed.replace('tagg', 'tagh')],
    ['another signature', `${ID}.${'A'.repeat(43)}`],
    ['a signature of other characters', `${ID}.${'ä'.repeat(43)}`],
    ['a signature in another case', `${ID}.${signed.slice(ID.length + 1).toUpperCase()}`],
    ['the signature twice', `${signed}.${signed.slice(ID.length + 1)}`],
    ['a signature in standard base64 padding', `${signed}=`],
  ])('does not verify if it is %s', (_, forged) => {
    expect(signer.verify(forged)).toBeUndefined();
  });
});

it('without secrets ids are left as they are', () => {
  const signer = new IdSigner('__Host-sessid', []);
  expect(signer.sign(ID)).toBe(ID);
  expect(signer.verify(ID)).toBe(ID);
});
