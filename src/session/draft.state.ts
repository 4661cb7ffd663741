/** A session that `createSession` made and no store knows yet. */
import type { AttributeRules } from './attribute.rules.js';
import { ConstantAttributes } from './constant.attributes.js';
import { DraftAttributes, encodeDraft } from './draft.attributes.js';
import { toMilliseconds } from './duration.js';
import { SessionError } from './session.error.js';
import { randomText } from './random.text.js';
import { DEFAULT_ID_LENGTH, newId, tagOfPrincipal } from './session.id.js';
import { DEFAULT_TIMEOUT, type SessionBlueprint } from './session.options.js';
import type { SessionRecord } from './session.record.js';

const HANDLE_BYTES = 12;
const SEED_BYTES = 16;

/** What a manager fills in where the session's own options are silent. Milliseconds. */
export interface SessionDefaults {
  /** The name of the kind of session, part of a principal's tag. */
  readonly sessionName: string;
  readonly timeout: number;
  readonly lifetime: number | false;
  readonly touchInterval: number;
  readonly idLength: number;
}

export class DraftState {
  readonly isNew = true;
  readonly attributes = new DraftAttributes();
  readonly constants: ConstantAttributes;
  readonly id: string;
  readonly handle = randomText(HANDLE_BYTES);
  readonly #blueprint: SessionBlueprint;
  readonly #created = Date.now();
  #claimed = false;

  constructor(blueprint: SessionBlueprint) {
    this.#blueprint = blueprint;
    this.id = newId(blueprint.idLength ?? DEFAULT_ID_LENGTH);
    this.constants = ConstantAttributes.of(blueprint.constAttrs);
    for (const [name, value] of Object.entries(blueprint.attrs)) this.attributes.set(name, value);
  }

  get principal(): string | undefined {
    return this.#blueprint.principal;
  }

  get labels(): string | undefined {
    return this.#blueprint.labels;
  }

  /** When it was created: the user was authenticated just now. */
  get authenticated(): number {
    return this.#created;
  }

  get now(): number {
    return Date.now();
  }

  /** As far as known before a manager fills in the rest. */
  get times(): Pick<SessionRecord, 'created' | 'accessed' | 'timeout' | 'touchInterval' | 'ends'> {
    const { timeout = toMilliseconds('timeout', DEFAULT_TIMEOUT), lifetime } = this.#blueprint;
    const created = this.#created;
    return { created, accessed: created, timeout, touchInterval: 0, ends: lifetime ? created + lifetime : null };
  }

  /** For one `add` at a time. @returns whether it is free */
  claim(): boolean {
    if (this.#claimed) return false;
    this.#claimed = true;
    return true;
  }

  /** The `add` failed: another one may try. */
  release(): void {
    this.#claimed = false;
  }

  /** The id to try first: the one shown already, unless the manager asks for another length, or it is a principal's. */
  firstId(defaults: SessionDefaults): string {
    const { idLength = defaults.idLength } = this.#blueprint;
    const isFitting = idLength === (this.#blueprint.idLength ?? DEFAULT_ID_LENGTH) && this.principal === undefined;
    return isFitting ? this.id : this.nextId(defaults);
  }

  /** Another id, since a store has one of that name already. */
  nextId({ sessionName, idLength }: SessionDefaults): string {
    const tag = this.principal === undefined ? undefined : tagOfPrincipal(sessionName, this.principal);
    return newId(this.#blueprint.idLength ?? idLength, tag);
  }

  /** The record to store; throws what can't be stored, naming the attribute. */
  toRecord(rules: AttributeRules, defaults: SessionDefaults, now: number): SessionRecord {
    const { timeout = defaults.timeout, lifetime = defaults.lifetime, persistent, principal, labels } = this.#blueprint;
    const consts = this.constants.serialise(rules);
    return {
      format: 1,
      created: now,
      accessed: now,
      timeout,
      touchInterval: effectiveTouchInterval(defaults.touchInterval, timeout),
      ends: lifetime === false ? null : now + lifetime,
      version: 1,
      persistent,
      ...(principal !== undefined && { principal }),
      ...(labels !== undefined && { labels }),
      handle: this.handle,
      seed: randomText(SEED_BYTES),
      consts,
      attrs: encodeDraft(this.attributes, rules, Buffer.byteLength(consts)),
    };
  }

  async update(name: string, change: (current: unknown) => unknown): Promise<unknown> {
    const next = change(this.attributes.get(name));
    this.attributes.set(name, next);
    return next;
  }

  save(): Promise<void> {
    return Promise.reject(
      new SessionError('SESSION_NOT_ADDED', "This session isn't stored yet: give it to the manager's add first."),
    );
  }

  runExclusive<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }
}

/** A tenth of the timeout at most, so that a short timeout isn't stretched much by what goes unrecorded. */
function effectiveTouchInterval(touchInterval: number, timeout: number): number {
  return Math.min(touchInterval, Math.floor(timeout / 10));
}
