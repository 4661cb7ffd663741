/** The registry, with its events as an Observable. */
import type { Observable } from 'rxjs';
import type { SessionEvent } from '../session/session.events.js';
import { PrincipalRegistry, type RegistrySource } from './principal.registry.js';
import { SafeObservable } from './safe.observable.js';

/**
 * Lists and revokes the sessions of a principal, and tells what happens to sessions. To be injected; that of a named session by
 * `@InjectSessionRegistry(name)`.
 */
export class SessionRegistry extends PrincipalRegistry {
  /**
   * What happens to sessions in this process, from the moment of subscription on. It never completes. Listeners run before the
   * request goes on; what they throw is logged, and harms nobody.
   */
  readonly events: Observable<SessionEvent>;

  constructor(source: RegistrySource) {
    super(source);
    const { announcer, logger } = source.access;
    this.events = new SafeObservable<SessionEvent>(
      (subscriber) => announcer.events.subscribe((event) => subscriber.next(event)),
      () => logger.error('A listener of session events has thrown an error.'),
    );
  }
}
