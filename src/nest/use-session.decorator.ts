import { DEFAULT_SESSION_NAME } from '../manager/http-session.manager.js';
import { attach } from './session.attachment.js';
import { SESSION_NAME } from './session.scope.js';

/**
 * A class's routes, or one route, use the session, though no decorator injects it: what the handler does with it through the
 * manager is committed before the response is sent. With a name, decorators and guards there mean the session of that name.
 */
export function UseSession(name: string = DEFAULT_SESSION_NAME): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const handler: unknown = descriptor?.value;
    Reflect.defineMetadata(SESSION_NAME, name, typeof handler === 'function' ? handler : target);
    // A class's routes get the interceptor at start-up, when they are all known.
    if (typeof handler === 'function') attach(handler as () => unknown);
  };
}
