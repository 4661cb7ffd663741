/** Commits a route's session when its handler is done, before the response is sent. */
import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { Observable, type Subscriber, type Subscription } from 'rxjs';
import { responseOf } from '../http/http.platform.js';
import { withSharedHeaders } from '../http/web.response.js';
import { andThen, type Awaitable, isPromiseLike } from '../session/awaitable.js';
import { scopeOf } from './session.scope.js';

/**
 * Attached to routes by the decorators that use a session, and by `@UseSession()`; there is no need to register it. It commits
 * once: when the handler completes, with whatever number of values, or fails, or nobody waits for it any more. What interceptors
 * around it (global ones, or the class's) change later is committed before the response on Fastify only. Outside HTTP it does
 * nothing.
 */
@Injectable()
export class SessionInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    const { manager, request, response } = scopeOf(context);
    // By hand: no operator of RxJS commits once, and holds back the end, not the values.
    return new Observable((subscriber) => {
      let commit: ((handlerFailed: boolean) => Awaitable<void>) | undefined = manager.attend(request, response);
      const finish = (handlerFailed: boolean, then: () => void) => {
        const commitOnce = commit;
        commit = undefined;
        if (commitOnce) settle(subscriber, () => commitOnce(handlerFailed), then);
      };
      const source: Subscription = next.handle().subscribe({
        next: (value) => {
          try {
            subscriber.next(value instanceof Response ? withSharedHeaders(value, responseOf(response)) : value);
          } catch (error) {
            finish(true, () => subscriber.error(error));
          }
        },
        error: (error: unknown) => finish(true, () => subscriber.error(error)),
        complete: () => finish(false, () => subscriber.complete()),
      });
      return () => {
        source.unsubscribe();
        // Not done yet: the client went away, and Nest with it. What was changed counts.
        finish(true, () => undefined);
      };
    });
  }
}

/** `then` once the commit is done; the subscriber's error if it fails. */
function settle(subscriber: Subscriber<unknown>, commit: () => Awaitable<void>, then: () => void): void {
  try {
    const committed = andThen(commit(), then);
    if (isPromiseLike(committed)) committed.then(undefined, (error: unknown) => subscriber.error(error));
  } catch (error) {
    subscriber.error(error);
  }
}
