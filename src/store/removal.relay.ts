/** Tells the other processes which sessions were removed, and hears of theirs. */
import type { Awaitable } from '../session/awaitable.js';
import { randomText } from '../session/random.text.js';
import type { RemovedEvent, SessionEvents } from '../session/session.events.js';
import type { SessionLogger } from '../session/session.logger.js';
import type { SessionChannel } from './session.channel.js';

const ORIGIN_BYTES = 9;

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
  #subscribed: Awaitable<() => Awaitable<void>> | undefined;

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

  async close(): Promise<void> {
    this.#unsubscribe();
    try {
      await (
        await this.#subscribed
      )?.();
    } catch {
      // What can't be left any more is over.
    }
  }

  async #subscribe(): Promise<void> {
    try {
      this.#subscribed = this.#channel.subscribe((message) => this.#hear(message));
      await this.#subscribed;
    } catch {
      this.#subscribed = undefined;
      this.#logger.warn('This process hears nothing of sessions that others remove: subscribing has failed.');
    }
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
    const relayed = JSON.parse(message) as Partial<Relayed> | null;
    return relayed?.event?.type === 'removed' ? (relayed as Relayed) : undefined;
  } catch {
    return undefined;
  }
}
