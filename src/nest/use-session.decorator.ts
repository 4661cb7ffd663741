import type { Type } from '@nestjs/common';
import { attachToClass, attachToMethod } from './session.attachment.js';
import { SESSION_NAME } from './session.directory.js';

/**
 * A class's routes, or one route, use the session, though no decorator injects it: what the handler does with it through the
 * manager is committed before the response is sent. With a name, decorators and guards there mean the session of that name;
 * `'default'` is the one that has none. Without a name they mean what they meant before.
 */
export function UseSession(name?: string): ClassDecorator & MethodDecorator {
  return (target: object, _key?: string | symbol, descriptor?: PropertyDescriptor) => {
    const handler: unknown = descriptor?.value;
    const marked = typeof handler === 'function' ? handler : target;
    if (name !== undefined) Reflect.defineMetadata(SESSION_NAME, name, marked);
    if (typeof handler === 'function') attachToMethod(handler);
    else attachToClass(target as Type);
  };
}
