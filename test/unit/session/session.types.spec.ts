/** What the compiler knows of sessions. Checked by `tsc`: what runs here only tells that nothing throws. */
import {
  type AnySession,
  type Attributes,
  createSession,
  type ConstAttributes,
  type CreateSessionOptions,
  HttpSessionManager,
  Session,
  SessionManager,
} from 'nestjs-http-session/core';
import { describe, expectTypeOf, it } from 'vitest';

interface Cart {
  items: string[];
  coupon: string;
}

interface User {
  userName: string;
  roles: readonly string[];
}

interface Visitor {
  ip?: string;
}

declare const session: Session<Cart, User>;
declare const untyped: Session;
declare const manager: SessionManager;

/** For the compiler alone. */
function compiled(...never: (() => unknown)[]): void {
  void never;
}

describe('attributes', () => {
  it('are of the type that A says, or absent', () => {
    compiled(() => {
      expectTypeOf(session.attr('items')).toEqualTypeOf<string[] | undefined>();
      expectTypeOf(session.attr('coupon')).toEqualTypeOf<string | undefined>();
      expectTypeOf(session.attrs()).toEqualTypeOf<Partial<Cart>>();
    });
  });

  it('take the values that A says, and null and undefined to delete', () => {
    expectTypeOf<typeof session.setAttr<'coupon'>>().parameter(1).toEqualTypeOf<string | null | undefined>();
    compiled(() => {
      session.setAttr('coupon', 'x');
      session.setAttr('coupon', null);
      session.setAttr('coupon', undefined);
      // @ts-expect-error -- a string is wanted
      session.setAttr('coupon', 5);
    });
  });

  it('have the names that A says, and no others', () => {
    expectTypeOf<typeof session.attr>().parameter(0).toEqualTypeOf<keyof Cart>();
    compiled(() => {
      // @ts-expect-error -- no such name
      session.attr('cuopon');
      // @ts-expect-error -- no such name
      session.setAttr('cuopon', 'x');
      // @ts-expect-error -- no such name
      void session.update('cuopon', () => 'x');
      // @ts-expect-error -- a constant one
      session.attr('userName');
      // @ts-expect-error -- a constant one
      session.setAttr('userName', 'x');
    });
  });

  it('can be anything where nothing is said', () => {
    compiled(() => {
      expectTypeOf(untyped.attr('whatever')).toBeAny();
      expectTypeOf(untyped.constAttr('whatever')).toBeAny();
      untyped.setAttr('whatever', { any: 'thing' });
    });
    expectTypeOf<Session>().toEqualTypeOf<Session<Attributes, ConstAttributes>>();
  });
});

describe('constant attributes', () => {
  it('are of the type that C says, and there', () => {
    compiled(() => {
      expectTypeOf(session.constAttr('userName')).toEqualTypeOf<string>();
      expectTypeOf(session.constAttrs()).toEqualTypeOf<User>();
    });
    expectTypeOf<typeof session.constAttr>().parameter(0).toEqualTypeOf<keyof User>();
  });
});

describe('update', () => {
  it('hands in the current value or nothing, and gives back what the change returns', () => {
    compiled(() => {
      const updated = session.update('items', (items) => {
        expectTypeOf(items).toEqualTypeOf<string[] | undefined>();
        return ['a'];
      });
      expectTypeOf(updated).toEqualTypeOf<Promise<string[]>>();
      expectTypeOf(session.update('items', () => null)).toEqualTypeOf<Promise<null>>();
      expectTypeOf(session.update('items', (items) => items)).toEqualTypeOf<Promise<string[] | undefined>>();
    });
  });

  it('takes no change that is asynchronous or returns something else', () => {
    compiled(() => {
      // @ts-expect-error -- a promise
      void session.update('items', async () => ['a']);
      // @ts-expect-error -- a number
      void session.update('items', () => 5);
    });
  });
});

describe('runExclusive', () => {
  it('gives what its work returns, promised or not', () => {
    compiled(() => {
      expectTypeOf(session.runExclusive(() => 5)).toEqualTypeOf<Promise<number>>();
      expectTypeOf(session.runExclusive(async () => 'x')).toEqualTypeOf<Promise<string>>();
    });
  });
});

describe('createSession', () => {
  it('gives a session of the types it is told', () => {
    expectTypeOf(createSession<Cart, User>).returns.toEqualTypeOf<Session<Cart, User>>();
    expectTypeOf(createSession<Cart>).returns.toEqualTypeOf<Session<Cart>>();
    expectTypeOf(createSession()).toEqualTypeOf<Session>();
  });

  it('wants constAttrs if C has attributes that must be there', () => {
    compiled(() => {
      createSession<Cart, User>({ constAttrs: { userName: 'Ann', roles: [] } });
      // @ts-expect-error -- no options
      createSession<Cart, User>();
      // @ts-expect-error -- no constAttrs
      createSession<Cart, User>({});
      // @ts-expect-error -- one is missing
      createSession<Cart, User>({ constAttrs: { userName: 'Ann' } });
      // @ts-expect-error -- of another type
      createSession<Cart, User>({ constAttrs: { userName: 5, roles: [] } });
    });
  });

  it('wants none if C has only attributes that may be there, or nothing is said of C', () => {
    compiled(() => {
      createSession<Cart, Visitor>();
      createSession<Cart, Visitor>({ timeout: '5m' });
      createSession<Cart, Visitor>({ constAttrs: { ip: '::1' } });
      createSession<Cart>({});
    });
  });

  it('takes some of the attributes of A, and no others', () => {
    compiled(() => {
      createSession<Cart>({ attrs: {} });
      createSession<Cart>({ attrs: { items: [] } });
      // @ts-expect-error -- of another type
      createSession<Cart>({ attrs: { items: 'a' } });
      // @ts-expect-error -- no such name
      createSession<Cart>({ attrs: { itmes: [] } });
    });
  });

  it('takes no option that does not exist, and no duration without a unit', () => {
    compiled(() => {
      // @ts-expect-error -- no such option
      createSession({ timeOut: '30m' });
      // @ts-expect-error -- minutes? seconds?
      createSession({ timeout: '30' });
      // @ts-expect-error -- no such unit
      createSession({ timeout: '30 parsecs' });
    });
    expectTypeOf<CreateSessionOptions['lifetime']>().extract<boolean>().toEqualTypeOf<false>();
  });
});

describe('a manager', () => {
  it('gives a session of the types it is asked for, or none', () => {
    compiled(() => {
      expectTypeOf(manager.get<Cart, User>({})).toEqualTypeOf<Promise<Session<Cart, User> | undefined>>();
      expectTypeOf(manager.get({})).toEqualTypeOf<Promise<Session | undefined>>();
    });
  });

  it('takes sessions of any types', () => {
    expectTypeOf<Session<Cart, User>>().toExtend<AnySession>();
    expectTypeOf<Session>().toExtend<AnySession>();
    compiled(async () => {
      await manager.add(session, {});
      await manager.rotate(session, {});
      await manager.remove(session, {});
    });
  });

  it('takes no options that do not exist', () => {
    compiled(() => {
      // @ts-expect-error -- no such option
      new HttpSessionManager({ cookies: {} });
      // @ts-expect-error -- no such value
      new HttpSessionManager({ cookie: { sameSite: 'Lax' } });
    });
    expectTypeOf(HttpSessionManager).instance.toExtend<SessionManager>();
  });
});

it('a session has no public constructor, and nothing of it can be assigned', () => {
  compiled(() => {
    // @ts-expect-error -- by createSession only
    new Session();
    // @ts-expect-error -- rotate gives another one
    session.id = 'x';
    // @ts-expect-error -- by the options
    session.timeout = 5;
  });
});
