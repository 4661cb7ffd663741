/** Finds the session that a request presents: tries what its transports read, one after another. */
import { isPromiseLike } from '../session/awaitable.js';
import type { SessionKeeper } from './session.keeper.js';
import type { Presented, SessionTransport } from './session.transport.js';
import type { Visit } from './visit.js';

/** Ids of one request that are looked up. */
const MAX_LOOKUPS = 4;

interface PresentedBy {
  readonly presented: Presented;
  readonly transport: SessionTransport;
}

export class SessionLookup {
  readonly #transports: readonly SessionTransport[];
  readonly #keeper: SessionKeeper;

  constructor(transports: readonly SessionTransport[], keeper: SessionKeeper) {
    this.#transports = transports;
    this.#keeper = keeper;
  }

  /** Tells the visit its session, by the first id that a live one has. Nothing to wait for: `undefined`. */
  run(visit: Visit): Promise<void> | undefined {
    return this.#openFirst(visit, this.#presentedIn(visit), 0, MAX_LOOKUPS);
  }

  /** In the order in which it is to be tried. */
  #presentedIn({ request }: Visit): readonly PresentedBy[] {
    const all: PresentedBy[] = [];
    for (const transport of this.#transports) {
      for (const presented of transport.read(request)) all.push({ presented, transport });
    }
    if (all.length > 1 && hasSeveralIds(all)) this.#keeper.events.emit({ type: 'rejected', reason: 'ambiguous' });
    return all;
  }

  #openFirst(visit: Visit, all: readonly PresentedBy[], place: number, lookups: number): Promise<void> | undefined {
    const candidate = all[place];
    if (!candidate || lookups === 0) return undefined;
    const { presented, transport } = candidate;
    if ('rejected' in presented) {
      this.#keeper.events.emit({ type: 'rejected', reason: presented.rejected });
      return this.#openFirst(visit, all, place + 1, lookups);
    }
    visit.transport ??= transport;
    const opened = this.#keeper.open(presented.id);
    const goOn = (session: Awaited<typeof opened>) => {
      if (session === undefined || session === 'rotated') {
        if (session === 'rotated') visit.rotatedId ??= presented.id;
        return this.#openFirst(visit, all, place + 1, lookups - 1);
      }
      visit.session = session;
      visit.presentedId = presented.id;
      visit.transport = transport;
      return undefined;
    };
    return isPromiseLike(opened) ? Promise.resolve(opened.then(goOn)) : goOn(opened);
  }
}

/** As when somebody who may set cookies for the domain has put one beside the client's own. */
function hasSeveralIds(all: readonly PresentedBy[]): boolean {
  const ids = all.flatMap(({ presented }) => ('id' in presented ? [presented.id] : []));
  return new Set(ids).size > 1;
}
