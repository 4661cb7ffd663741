/** The applications that `suite.ts` starts: written once, compiled as CommonJS for Nest 11 and as ESM for Nest 12. */
import { Controller, type DynamicModule, Get, Module, NotFoundException, Post, UseGuards } from '@nestjs/common';
import {
  Sess,
  SessAttr,
  SessConstAttr,
  SessCtx,
  Session,
  SessionContext,
  SessionGuard,
  SessionModule,
  type SessionStore,
  UseSession,
} from 'nestjs-http-session';

interface Visits {
  count: number;
}

interface Visitor {
  userName: string;
}

@Controller()
class VisitsController {
  @Post('login')
  async login(@SessCtx() sessions: SessionContext<Visits, Visitor>): Promise<string> {
    const session = await sessions.add({ constAttrs: { userName: 'Bob' }, attrs: { count: 0 } });
    return session.constAttr('userName');
  }

  @Get('visit')
  visit(@Sess() session?: Session<Visits, Visitor>): string {
    if (!session) throw new NotFoundException();
    session.setAttr('count', (session.attr('count') ?? 0) + 1);
    return String(session.attr('count'));
  }

  @Get('update')
  @UseGuards(SessionGuard)
  async update(@Sess() session: Session<Visits, Visitor>): Promise<string> {
    return String(await session.update('count', (count = 0) => count + 1));
  }

  @Get('count')
  @UseGuards(SessionGuard)
  count(@SessAttr('count') count: number, @SessConstAttr('userName') userName: string): string {
    return `${userName} ${count}`;
  }

  @Post('logout')
  async logout(@SessCtx() sessions: SessionContext): Promise<void> {
    await sessions.remove();
  }
}

@Controller('admin')
@UseSession('admin')
class AdminController {
  @Post('login')
  async login(@SessCtx() sessions: SessionContext): Promise<void> {
    await sessions.add({});
  }

  @Get()
  @UseGuards(SessionGuard)
  home(): string {
    return 'admin';
  }
}

@Module({
  imports: [SessionModule.forRoot(), SessionModule.forRoot({ name: 'admin', timeout: '5m' })],
  controllers: [VisitsController, AdminController],
})
export class AppModule {}

/** The visits over another store. */
@Module({})
export class StoreModule {
  static over(store: SessionStore): DynamicModule {
    return { module: StoreModule, imports: [SessionModule.forRoot({ store })], controllers: [VisitsController] };
  }
}

/** Replaces a method and forgets its metadata, as some decorators of the wild do. */
function Forgetful(): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) => {
    const method = descriptor.value as (...args: unknown[]) => unknown;
    descriptor.value = function (this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    };
  };
}

@Controller()
class ForgetfulController {
  @Get()
  @Forgetful()
  visit(@Sess() session?: Session): boolean {
    return session !== undefined;
  }
}

@Module({ imports: [SessionModule.forRoot()], controllers: [ForgetfulController] })
export class ForgetfulModule {}

@Module({ imports: [SessionModule.forRootAsync({ useFactory: () => ({ idLength: 8 }) })] })
export class WrongOptionModule {}
