/** Event streams: the session is there, nothing of ours delays the headers, and what changes later needs `save()`. */
import { Controller, Get, type MessageEvent, NotFoundException, Sse } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { MemoryStore, Sess, SessCtx, Session, SessionContext, UseSession } from 'nestjs-http-session';
import { ObservedStore } from 'nestjs-http-session/testing';
import { Observable, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Barrier } from '../support/barrier.js';
import { answered, writesOf } from '../support/store.faults.js';
import { BasicsController } from './basics.controller.js';
import { type Client, PLATFORMS, startApp } from './harness.js';

describe.each(PLATFORMS)('Event streams on %s', (platform) => {
  const gate = { now: new Barrier() };

  @Controller('events')
  class EventsController {
    @Sse('missing')
    missing(@Sess() sess: Session): Observable<MessageEvent> {
      throw new NotFoundException(sess.attr('user'));
    }

    @Sse('missing-later')
    async missingLater(@Sess() sess: Session): Promise<Observable<MessageEvent>> {
      await Promise.resolve();
      throw new NotFoundException(sess.attr('user'));
    }

    @Sse('greeting')
    greeting(@Sess() sess: Session | undefined): Observable<MessageEvent> {
      return of({ data: { user: sess?.attr('user') ?? 'nobody' } });
    }

    @Sse('saved')
    saved(@Sess() sess: Session): Observable<MessageEvent> {
      return new Observable((subscriber) => {
        sess.setAttr('user', 'saved');
        sess.save().then(
          () => subscriber.next({ data: 'saved' }),
          (error: unknown) => subscriber.error(error),
        );
      });
    }

    @Sse('long')
    long(@Sess() sess: Session): Observable<MessageEvent> {
      return new Observable((subscriber) => {
        subscriber.next({ data: 'hello' });
        void gate.now.pass().then(async () => {
          const count = await sess.update('count', (current: number | undefined) => (current ?? 0) + 1);
          subscriber.next({ data: `counted ${count}` });
          subscriber.complete();
        });
      });
    }

    @Sse('login')
    async login(@SessCtx() ctx: SessionContext): Promise<Observable<MessageEvent>> {
      await ctx.add({ attrs: { user: 'stream' } });
      return of({ data: 'welcome' });
    }
  }

  @Controller('whole')
  @UseSession()
  class WholeController {
    @Sse('missing')
    missing(): Observable<MessageEvent> {
      throw new NotFoundException();
    }

    @Sse('events')
    events(@Sess() sess: Session | undefined): Observable<MessageEvent> {
      return of({ data: { user: sess?.attr('user') ?? 'nobody' } });
    }

    @Get('value')
    value(@Sess() sess: Session): void {
      sess.setAttr('user', 'value');
    }
  }

  async function start() {
    const store = new ObservedStore(new MemoryStore());
    const app = await startApp(platform, {
      session: { store },
      controllers: [BasicsController, EventsController, WholeController],
    });
    const client = app.client();
    await client.post('/login', { body: { attrs: { user: 'ann' } } });
    store.forget();
    return { app, store, client };
  }

  async function attrsOf(client: Client): Promise<unknown> {
    return ((await client.get('/attrs')).json() as { attrs: unknown }).attrs;
  }

  it.each(['/events/missing', '/events/missing-later', '/whole/missing'])('a 404 of %s stays one', async (path) => {
    const { client } = await start();
    expect((await client.get(path)).status).toBe(404);
  });

  it.each(['/events/greeting', '/whole/events'])('%s sees the session of a store that takes its time', async (path) => {
    const { app, store, client } = await start();
    const held = store.hold('get');
    const wire = app.wire(path, client);
    await held.reached;
    await app.client().get('/ping');
    await app.client().get('/ping');
    expect(wire.received).toBe('');
    held.release();
    await wire.until('{"user":"ann"}');
  });

  it('a client without a session gets events, and the store isn’t asked', async () => {
    const { app, store } = await start();
    const { status, text, headers } = await app.client().get('/events/greeting');
    expect({ status, type: headers['content-type'] }).toEqual({ status: 200, type: 'text/event-stream' });
    expect(text).toContain('{"user":"nobody"}');
    expect(store.calls).toEqual([]);
  });

  it('a store that fails before the first event is answered with 503', async () => {
    const { store, client } = await start();
    store.intercept('get', () => Promise.reject(new Error()));
    expect((await client.get('/events/greeting')).status).toBe(503);
  });

  it('a change that is saved is there while the stream goes on', async () => {
    const { app, client } = await start();
    const wire = app.wire('/events/saved', client);
    await wire.until('saved');
    expect(await attrsOf(client)).toEqual({ user: 'saved' });
  });

  it('an update long after the headers counts', async () => {
    gate.now = new Barrier();
    const { app, client } = await start();
    const wire = app.wire('/events/long', client);
    await wire.until('hello');
    gate.now.open();
    await wire.until('counted 1');
    expect(await attrsOf(client)).toEqual({ user: 'ann', count: 1 });
  });

  it('a login before the first event sends the cookie', async () => {
    const { app } = await start();
    const client = app.client();
    const { text, setCookies } = await client.get('/events/login');
    expect(text).toContain('welcome');
    expect(setCookies).toHaveLength(1);
    expect(await attrsOf(client)).toEqual({ user: 'stream' });
  });

  it('no interceptor is attached to them, and to the other routes one is', async () => {
    const { store, client } = await start();
    const interceptorsOf = (method: object) => (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ?? []) as unknown[];
    const { greeting, saved, login } = EventsController.prototype;
    const { events, missing, value } = WholeController.prototype;
    expect([greeting, saved, login, events, missing].flatMap(interceptorsOf)).toEqual([]);
    expect(interceptorsOf(value)).toHaveLength(1);
    const changed = answered(store, 'change');
    await client.get('/whole/value');
    await changed;
    expect(writesOf(store)).toEqual(['change']);
  });
});
