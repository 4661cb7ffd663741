/** `typedSession`: what the compiler knows of an application's attributes. Checked by `tsc`, and run. */
import { Controller, Get, HttpCode, ParseIntPipe, Post, UseGuards } from '@nestjs/common';
import { type Session, type SessionContext, SessionGuard, typedSession } from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { PLATFORMS, startApp } from './harness.js';

interface Cart {
  items: string[];
  since: Date;
  count: number;
}

interface User {
  userName: string;
  roles: readonly string[];
}

const cart = typedSession<Cart, User>();
const { guarded } = cart;

@Controller()
class CartController {
  @Post('login')
  @HttpCode(204)
  async login(@cart.SessCtx() ctx: SessionContext<Cart, User>): Promise<void> {
    await ctx.add(cart.createSession({ constAttrs: { userName: 'Ann', roles: ['admin'] }, attrs: { items: ['a'] } }));
  }

  @Get('items')
  items(@cart.SessAttr('items') items: string[] = []): string[] {
    return items;
  }

  @Get('name')
  @UseGuards(SessionGuard)
  name(@guarded.SessConstAttr('userName') userName: string, @guarded.Sess() session: Session<Cart, User>): object {
    return { userName, count: session.attr('count') ?? 0 };
  }

  @Get('parsed')
  parsed(@cart.SessAttr('count', new ParseIntPipe({ optional: true })) count?: string): string {
    return String(count);
  }

  @Get('admin')
  @UseGuards(cart.where((session) => session.constAttr('roles').includes('admin')))
  admin(): string {
    return 'in';
  }
}

describe.each(PLATFORMS)('typedSession on %s', (platform) => {
  it('gives the decorators of the library', async () => {
    const app = await startApp(platform, { controllers: [CartController] });
    const client = app.client();
    expect((await client.get('/items')).json()).toEqual([]);
    expect((await client.get('/admin')).status).toBe(401);
    await client.post('/login');
    expect((await client.get('/items')).json()).toEqual(['a']);
    expect((await client.get('/name')).json()).toEqual({ userName: 'Ann', count: 0 });
    expect((await client.get('/admin')).text).toBe('in');
    expect((await client.get('/parsed')).text).toBe('undefined');
  });
});

/** For the compiler alone. */
function compiled(...never: unknown[]): void {
  void never;
}

describe('the compiler refuses', () => {
  it('names that don’t exist', () => {
    compiled(
      // @ts-expect-error -- no such attribute
      () => cart.SessAttr('itms'),
      // @ts-expect-error -- a variable one
      () => cart.SessConstAttr('items'),
      // @ts-expect-error -- no such attribute
      () => cart.createSession({ constAttrs: { userName: 'Ann', roles: [] }, attrs: { itms: [] } }),
      // @ts-expect-error -- the constant attributes are missing
      () => cart.createSession(),
    );
  });

  it('parameters of another type', () => {
    class Wrong {
      // @ts-expect-error -- the items are texts
      items(@cart.SessAttr('items') items: number[] = []): void {
        compiled(items);
      }

      // @ts-expect-error -- there may be none
      absent(@cart.SessAttr('items') items: string[]): void {
        compiled(items);
      }

      // @ts-expect-error -- there may be no session
      session(@cart.Sess() session: Session<Cart, User>): void {
        compiled(session);
      }

      // @ts-expect-error -- a session of other attributes
      other(@guarded.Sess() session: Session<{ items: number[] }, User>): void {
        compiled(session);
      }

      right(@cart.Sess() session: Session<Cart, User> | undefined, @cart.SessAttr('since') since?: Date): void {
        compiled(session, since);
      }
    }
    compiled(Wrong);
  });

  it('wrong values, and writes to constant attributes', () => {
    const session = undefined as unknown as Session<Cart, User>;
    compiled(
      // @ts-expect-error -- the count is a number
      () => session.setAttr('count', '1'),
      // @ts-expect-error -- userName is constant
      () => session.setAttr('userName', 'Bob'),
      // @ts-expect-error -- a number is wanted
      () => session.update('count', () => 'one'),
      // @ts-expect-error -- the roles are read-only
      () => session.constAttr('roles').push('admin'),
    );
  });

  it('attributes that can’t be stored', () => {
    compiled(
      // @ts-expect-error -- a function
      () => typedSession<{ callback: () => void }>(),
      // @ts-expect-error -- a symbol, deep inside
      () => typedSession<{ list: { key: symbol }[] }>(),
      // @ts-expect-error -- an instance with methods
      () => typedSession<{ url: URL }>(),
      // @ts-expect-error -- a promise
      () => typedSession<{ soon: Promise<string> }>(),
      // @ts-expect-error -- a function in a constant attribute
      () => typedSession<{ count: number }, { callback(): void }>(),
      () =>
        typedSession<
          {
            text?: string;
            big: bigint;
            when: Date | null;
            map: Map<string, { list: number[] }>;
            set: Set<string>;
            bytes: Uint8Array;
            shape: RegExp;
            pair: [string, number];
          },
          { readonly roles: readonly string[] }
        >(),
    );
  });
});
