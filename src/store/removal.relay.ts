/** Tells the other processes which sessions were removed, and hears of theirs. */
import type { Awaitable } from '../session/awaitable.js';
import { randomText } from '../session/random.text.js';
import type { RemovedEvent, SessionEvents } from '../session/session.events.js';
import type { SessionLogger } from '../session/session.logger.js';
import type { SessionChannel } from './session.channel.js';

const ORIGIN_BYTES = 9;
/** Between two tries to subscribe. */
const RETRY_MS = 5_000;

interface Relayed {
  readonly origin: string;
  readonly session: string;
  readonly event: RemovedEvent;
}

export class RemovalRelay {
  readonly #channel: SessionChannel;
  readonly #session: string;
  readonly #events: SessionEvents;
  readonly #logger: SessionLogger;
  readonly #origin = randomText(ORIGIN_BYTES);
  readonly #unsubscribe: () => void;
  #leaveChannel: (() => Awaitable<void>) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isDeaf = false;
  #isClosed = false;

  /** @param session - the name of the kind of session */
  constructor(channel: SessionChannel, session: string, events: SessionEvents, logger: SessionLogger) {
    this.#channel = channel;
    this.#session = session;
    this.#events = events;
    this.#logger = logger;
    this.#unsubscribe = events.subscribe((event) => {
      if (event.type === 'removed' && !event.elsewhere) void this.#publish(event);
    });
    void this.#subscribe();
  }

  /** Waits for nobody: the channel may be dead, and what it can't leave any more is over with it. */
  close(): void {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#retry);
    this.#leave();
  }

  async #subscribe(): Promise<void> {
    try {
      this.#leaveChannel = await this.#channel.subscribe((message) => this.#hear(message));
      if (this.#isClosed) this.#leave();
    } catch {
      if (this.#isClosed) return;
      if (!this.#isDeaf)
        this.#logger.warn('This process hears nothing of sessions that others remove: subscribing has failed.');
      this.#isDeaf = true;
      this.#retry = setTimeout(() => void this.#subscribe(), RETRY_MS).unref();
    }
  }

  #leave(): void {
    const leave = this.#leaveChannel;
    this.#leaveChannel = undefined;
    void (async () => leave?.())().catch(() => undefined);
  }

  async #publish(event: RemovedEvent): Promise<void> {
    try {
      const relayed: Relayed = { origin: this.#origin, session: this.#session, event };
      await this.#channel.publish(JSON.stringify(relayed));
    } catch {
      this.#logger.warn(
        'Other processes could not be told of a session that was removed. (It is removed for them too.)',
      );
    }
  }

  #hear(message: string): void {
    const relayed = parse(message);
    if (!relayed || relayed.session !== this.#session || relayed.origin === this.#origin) return;
    this.#events.emit({ ...relayed.event, elsewhere: true });
  }
}

/** Whatever else comes over the channel is ignored. */
function parse(message: string): Relayed | undefined {
  try {
    const { origin, session, event } = JSON.parse(message) as Partial<Relayed>;
    if (typeof origin !== 'string' || typeof session !== 'string' || event?.type !== 'removed') return undefined;
    const { type, reason, handle, principal, except } = event;
    if (typeof reason !== 'string') return undefined;
    const texts = Object.entries({ handle, principal, except }).filter(([, text]) => typeof text === 'string');
    return { origin, session, event: { handle: undefined, ...Object.fromEntries(texts), type, reason } };
  } catch {
    return undefined;
  }
}
