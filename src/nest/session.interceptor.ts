/** Commits a route's session when its handler is done, before the response is sent. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable, type Observer, type Subscriber, Subscription } from 'rxjs';
import { responseOf } from '../http/http.platform.js';
import { withSharedHeaders } from '../http/web.response.js';
import { andThen, type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { sendsResponse } from './route.parameters.js';
import { scopeOf } from './session.scope.js';

/**
 * Attached to routes by the decorators that use a session, and by `@UseSession()`; there is no need to register it. It commits
 * once: when the handler completes, with whatever number of values, or fails, or nobody waits for it any more. What interceptors
 * around it (global ones, or the class's) change later is committed when the response closes. On Fastify hooks do that work, just
 * before the reply is sent: after all other interceptors, and a commit that fails is for global exception filters only. There it runs
 * for handlers that have the response, and for those that are given no session. Outside HTTP it does nothing.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor {
  readonly #answering = new WeakMap<object, boolean>();

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { manager, request, response } = scopeOf(context);
    const isAnsweredByHandler = this.#isAnsweredBy(context);
    return new Observable((subscriber) => {
      const committer = new Committer(subscriber, manager.attend(request, response, isAnsweredByHandler), response);
      next.handle().subscribe(committer);
      return committer;
    });
  }

  /** Found out once: metadata cost more to read than all else. */
  #isAnsweredBy(context: ExecutionContext): boolean {
    const handler = context.getHandler();
    const known = this.#answering.get(handler);
    if (known !== undefined) return known;
    const isAnswering = sendsResponse(context.getClass(), handler.name);
    this.#answering.set(handler, isAnswering);
    return isAnswering;
  }
}

/**
 * Passes values on, and holds back the end until the commit is done; no operator of RxJS commits just once. As it is a
 * subscription and an observer in one, RxJS takes it as it is, and puts nothing around it.
 */
class Committer extends Subscription implements Observer<unknown> {
  readonly #subscriber: Subscriber<unknown>;
  readonly #response: unknown;
  #commit: ((handlerFailed: boolean) => Awaitable<void>) | undefined;
  #held: Response | undefined;

  constructor(subscriber: Subscriber<unknown>, commit: (handlerFailed: boolean) => Awaitable<void>, response: unknown) {
    super();
    this.#subscriber = subscriber;
    this.#commit = commit;
    this.#response = response;
  }

  next(value: unknown): void {
    // The commit may set headers yet, and those of a web Response replace them: it gets them first.
    if (value instanceof Response) this.#held = value;
    else this.#subscriber.next(value);
  }

  error(error: unknown): void {
    this.#finish(true, () => this.#subscriber.error(error));
  }

  complete(): void {
    this.#finish(false, () => {
      if (this.#held) this.#subscriber.next(withSharedHeaders(this.#held, responseOf(this.#response)));
      this.#subscriber.complete();
    });
  }

  /** Not done yet: the client went away, and Nest with it. What was changed counts. */
  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } finally {
      this.#finish(true, () => undefined);
    }
  }

  /** `then` once the commit is done; the subscriber's error if it fails. */
  #finish(handlerFailed: boolean, then: () => void): void {
    const commit = this.#commit;
    if (!commit) return;
    this.#commit = undefined;
    try {
      const committed = andThen(commit(handlerFailed), then);
      if (isPromiseLike(committed)) committed.then(undefined, (error: unknown) => this.#subscriber.error(error));
    } catch (error) {
      this.#subscriber.error(error);
    }
  }
}
