/**
 * Ids, as clients hold them, and keys, as stores hold them.
 *
 * An id is `tag.secret`. The secret is random and carries all of its security (OWASP asks for 64 bits of entropy, the
 * default is 144). The tag survives rotation, so that everything of one session has one place in a partitioned store.
 * A key is `tag.digest`: a store, its backups and its logs never hold an id.
 */
import { createHmac, hash } from 'node:crypto';
import { randomText } from './random.text.js';

/** The default number of random bytes of an id's secret: 24 characters. */
export const DEFAULT_ID_LENGTH = 18;
/** The least number of random bytes: 128 bits. */
export const MIN_ID_LENGTH = 16;
/** The most: an id then still fits into the 256 characters that are accepted. */
export const MAX_ID_LENGTH = 180;

const TAG_BYTES = 3;
/** That of a principal's tag: 72 bits of a digest. */
const PRINCIPAL_TAG_LENGTH = 12;
const ID_SHAPE = /^[\w-]{4,12}\.[\w-]{22,}$/;
const MAX_ID_CHARACTERS = 256;

/** A fresh id: `idLength` random bytes behind `tag`, or behind a random tag of four characters. */
export function newId(idLength: number, tag: string = randomText(TAG_BYTES)): string {
  return `${tag}.${randomText(idLength)}`;
}

/** The tag of everything that is a principal's, in the session of a name. It tells the principal to who can guess that only. */
export function tagOfPrincipal(sessionName: string, principal: string): string {
  return hash('sha256', `${sessionName}\0${principal}`, 'base64url').slice(0, PRINCIPAL_TAG_LENGTH);
}

/** Whether a key, or an id, is that of a principal's session. */
export function isPrincipals(idOrKey: string): boolean {
  return idOrKey.indexOf('.') === PRINCIPAL_TAG_LENGTH;
}

/**
 * The id that a session gets in timed renewal: whoever comes with the old one, and reads the session's seed, derives the same.
 * Who knows the old id only can't.
 */
export function successorOf(id: string, seed: string): string {
  const digest = createHmac('sha256', seed).update(id).digest('base64url');
  const tag = tagOf(id);
  return `${tag}.${digest.slice(0, id.length - tag.length - 1)}`;
}

/** The part of an id, or of a key, that survives rotation. */
export function tagOf(idOrKey: string): string {
  return idOrKey.slice(0, idOrKey.indexOf('.'));
}

/** How many random bytes an id's secret has: its successor gets as many. */
export function secretLengthOf(id: string): number {
  return Math.floor(((id.length - id.indexOf('.') - 1) * 3) / 4);
}

/** Whether a client's text has the shape of an id. What hasn't never reaches a store. */
export function isWellFormedId(text: string): boolean {
  return text.length <= MAX_ID_CHARACTERS && ID_SHAPE.test(text);
}

/** The store's key of an id. The session's name is part of it: an id of one named session opens nothing in another. */
export function keyOf(sessionName: string, id: string): string {
  return `${tagOf(id)}.${hash('sha256', `${sessionName}\0${id}`, 'base64url')}`;
}
