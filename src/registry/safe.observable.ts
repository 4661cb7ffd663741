/** An Observable whose subscribers may throw. RxJS throws what they do once more, with nobody to catch it: the process ends. */
import { Observable, type Observer, type Operator, Subscriber, type Subscription, type TeardownLogic } from 'rxjs';

export class SafeObservable<T> extends Observable<T> {
  readonly #onThrown: (error: unknown) => void;

  /** @param onThrown - hears what a subscriber of this Observable, or of one piped from it, throws */
  constructor(
    subscribe: ((subscriber: Subscriber<T>) => TeardownLogic) | undefined,
    onThrown: (error: unknown) => void,
  ) {
    super(subscribe);
    this.#onThrown = onThrown;
  }

  // oxlint-disable-next-line typescript/no-deprecated -- how RxJS 7 lets a subclass decide what its operators make
  override lift<R>(operator?: Operator<T, R>): Observable<R> {
    const lifted = new SafeObservable<R>(undefined, this.#onThrown);
    return Object.assign(lifted, { source: this, operator });
  }

  override subscribe(
    observer?: Partial<Observer<T>> | ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription {
    // Operators subscribe by these: what comes out of them is another Observable's, and heard of there.
    if (observer instanceof Subscriber) return super.subscribe(observer);
    const given = typeof observer === 'function' || !observer ? { next: observer, error, complete } : observer;
    return super.subscribe({
      next: (value) => this.#guard(() => given.next?.(value)),
      // An operator of the subscriber's own has failed, which ends the subscription.
      error: (failure) => this.#guard(() => (given.error ?? this.#onThrown)(failure)),
      complete: () => this.#guard(() => given.complete?.()),
    });
  }

  #guard(call: () => void): void {
    try {
      call();
    } catch (thrown) {
      this.#onThrown(thrown);
    }
  }
}
