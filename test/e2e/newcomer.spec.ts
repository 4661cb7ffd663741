/** The mistakes of who is new here: each gives one message that says what to do. */
import { Controller, Get, Logger, Session as OfExpressSession, UseGuards } from '@nestjs/common';
import { Sess, type Session, SessionGuard, SessionModule } from 'nestjs-http-session';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BasicsController } from './basics.controller.js';
import { createApp, PLATFORMS, startApp } from './harness.js';

/** What Nest's loggers are told while a test runs. */
function nestLog(level: 'warn' | 'error'): unknown[] {
  const said: unknown[] = [];
  const spy = vi.spyOn(Logger.prototype, level).mockImplementation((message: unknown) => void said.push(message));
  onTestFinished(() => spy.mockRestore());
  return said;
}

function messagesOf(said: readonly unknown[]): string[] {
  return said.map((error) => (error instanceof Error ? error.message : String(error)));
}

@Controller()
class MistakenController {
  @Get('mistaken')
  mistaken(@OfExpressSession() session: unknown): string {
    return String(session);
  }
}

/** Another copy of the library, as when it is installed twice. */
async function anotherCopy(): Promise<typeof import('nestjs-http-session')> {
  vi.resetModules();
  return import('nestjs-http-session');
}

describe.each(PLATFORMS)('On %s, who', (platform) => {
  it('forgets the module is told to import it', async () => {
    const app = await startApp(platform, { session: false, controllers: [GuardedController] });
    const said = nestLog('error');
    expect((await app.client().get('/guarded')).status).toBe(500);
    expect(messagesOf(said)).toEqual([
      'GuardedController.guarded uses the session "default", which isn\'t registered: import SessionModule.forRoot().',
    ]);
  });

  it('imports the class itself is told of forRoot', async () => {
    const starting = createApp(platform, { session: false, imports: [SessionModule], controllers: [BasicsController] });
    await expect(starting).rejects.toThrow('Import SessionModule.forRoot()');
  });

  it('takes @Session() of @nestjs/common is told of @Sess(), once, and for which routes', async () => {
    const said = nestLog('warn');
    await startApp(platform, { controllers: [MistakenController, BasicsController] });
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('MistakenController.mistaken');
    expect(said[0]).toContain('@Sess() of nestjs-http-session');
  });

  it('has the library twice is told so', async () => {
    const other = await anotherCopy();
    expect(other.SessionModule).not.toBe(SessionModule);
    const app = await startApp(platform, {
      session: false,
      imports: [other.SessionModule.forRoot({ logger: false })],
      controllers: [GuardedController],
    });
    const said = nestLog('error');
    expect((await app.client().get('/guarded')).status).toBe(500);
    expect(messagesOf(said)).toHaveLength(1);
    expect(messagesOf(said)[0]).toContain('GuardedController.guarded');
    expect(messagesOf(said)[0]).toContain('installed twice');
  });

  it('gives the module a store of another copy is told so', async () => {
    const other = await anotherCopy();
    const store = new other.MemoryStore();
    await expect(startApp(platform, { session: { store } })).rejects.toThrow('another copy of this library');
  });

  it('serves over plain http is told that browsers won’t keep the cookie, once', async () => {
    const app = await startApp(platform, { controllers: [BasicsController] });
    const login = (headers: Record<string, string>) => app.client().post('/login', { headers });
    await login({ host: 'localhost:3000' });
    await login({ host: '127.0.0.1' });
    await login({ host: 'shop.example', 'x-forwarded-proto': 'https' });
    expect(app.log.warnings).toEqual([]);
    await login({ host: 'shop.example' });
    await login({ host: 'shop.example' });
    expect(app.log.warnings).toHaveLength(1);
    expect(app.log.warnings[0]).toContain('allowHttp: true');
  });

  it('allows plain http is told nothing', async () => {
    const session = { cookie: { allowHttp: true } };
    const app = await startApp(platform, { controllers: [BasicsController], session });
    await app.client().post('/login', { headers: { host: 'shop.example' } });
    expect(app.log.warnings).toEqual([]);
  });
});

@Controller()
class GuardedController {
  @Get('guarded')
  @UseGuards(SessionGuard)
  guarded(@Sess() session: Session): string {
    return session.handle;
  }
}

describe('Who imports', () => {
  it.each([
    ['nestjs-http-session/dist/index.js', 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
    ['nestjs-http-session/store/redis', 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
  ])('%s is told by Node.js that it isn’t exported', async (path, code) => {
    const { createRequire } = await import('node:module');
    expect(() => createRequire(import.meta.url).resolve(path)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
