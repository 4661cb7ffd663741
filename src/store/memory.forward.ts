/** What a renamed session leaves behind in the memory store. */
import type { Key } from '../session/session.record.js';
import { Expiring } from './expiring.js';
import type { RenameOptions } from './session.store.js';

export class MemoryForward extends Expiring {
  readonly key: Key;
  readonly successor: Key;
  readonly forwardUntil: number;
  readonly graceUntil: number;

  constructor(key: Key, successor: Key, { forwardUntil, graceUntil }: RenameOptions) {
    super();
    this.key = key;
    this.successor = successor;
    this.forwardUntil = forwardUntil;
    this.graceUntil = graceUntil;
  }
}
