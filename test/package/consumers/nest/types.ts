/** Every public type, used as an application would: compiled under the strictest options, never run. */
import { Controller, type DynamicModule, Get, Injectable, type INestApplication } from '@nestjs/common';
import {
  type Added,
  type AddOptions,
  type AttributeCodec,
  type Changed,
  CookieTransport,
  createSession,
  type Delta,
  displacedBy,
  type Duration,
  type EmittedSessionEvent,
  type Found,
  getSessionManagerToken,
  getSessionRegistryToken,
  getSessionStoreToken,
  HeaderTransport,
  type HttpRequest,
  type HttpResponse,
  HttpSessionManager,
  InjectSessionManager,
  InjectSessionRegistry,
  type Key,
  type ListedSession,
  MemoryStore,
  type Presented,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  RequireFresh,
  type Session,
  SessionContext,
  SessionError,
  type SessionErrorCode,
  type SessionEvent,
  SessionGuard,
  type SessionInfo,
  type SessionLimit,
  SessionManager,
  type SessionManagerOptions,
  SessionModule,
  type SessionModuleAsyncOptions,
  type SessionModuleOptions,
  type SessionOptionsFactory,
  type SessionOutline,
  type SessionRecord,
  SessionRegistry,
  SessionStore,
  SessionTransport,
  type StoreCapabilities,
  typedSession,
  type Validity,
} from 'nestjs-http-session';
import { HttpSessionManager as CoreManager } from 'nestjs-http-session/core';
import { createTestSession } from 'nestjs-http-session/testing';

interface Cart {
  items: string[];
  coupon?: string;
}

interface Customer {
  customerId: number;
}

export class PrefixTransport extends SessionTransport {
  readonly carrier = 'header x-session';
  override read(request: HttpRequest): readonly Presented[] {
    const id = request.headers['x-session'];
    return typeof id === 'string' ? [{ id }] : [];
  }
  override tell(response: HttpResponse, id: string, { remaining }: Validity): void {
    response.setHeader('X-Session', [id, String(remaining)]);
  }
  override clear(response: HttpResponse): void {
    response.setHeader('X-Session', ['']);
  }
  override withdraw(response: HttpResponse): void {
    response.setHeader('X-Session', []);
  }
}

export class DelegatingStore extends SessionStore {
  readonly capabilities: StoreCapabilities = { shared: false, atomic: true, acknowledged: 'backend' };
  readonly #inner = new MemoryStore({ purgeInterval: '1m', maxSessions: 10 });
  override get(key: Key, now: number): Found {
    return this.#inner.get(key, now);
  }
  override async touch(key: Key, now: number): Promise<boolean> {
    return this.#inner.touch(key, now);
  }
  override add(key: Key, record: SessionRecord, options: AddOptions): Added {
    return this.#inner.add(key, record, options);
  }
  override change(key: Key, delta: Delta, now: number): Changed {
    return this.#inner.change(key, delta, now);
  }
  override rename(from: Key, to: Key, options: RenameOptions): Renamed {
    return this.#inner.rename(from, to, options);
  }
  override remove(key: Key): boolean {
    return this.#inner.remove(key);
  }
  override list(tag: string, now: number): readonly ListedSession[] {
    return this.#inner.list(tag, now);
  }
  override async removeAll(tag: string, now: number, except?: Key): Promise<number | 'gone'> {
    return this.#inner.removeAll(tag, now, except);
  }
  override purge(options: PurgeOptions): Promise<Purged> {
    return this.#inner.purge(options);
  }
  override close(): void {
    this.#inner.close();
  }
}

/** Who has to go for a session of a tag, in a store of one's own. */
export function oneTooMany(store: DelegatingStore, tag: string, now: number): readonly string[] {
  const limit: SessionLimit = { max: 1, onMax: 'remove-oldest' };
  const displaced = displacedBy(limit, store.list(tag, now));
  if (displaced === 'limit') return [];
  return displaced.map(({ outline }: { outline: SessionOutline }) => outline.labels ?? outline.handle);
}

const codec: AttributeCodec = {
  encode: (value) => JSON.stringify(value),
  decode: (text) => JSON.parse(text) as unknown,
};
const timeout: Duration = '45m';

export const options: SessionManagerOptions = {
  store: new DelegatingStore(),
  transport: [
    new CookieTransport({ secrets: ['secret'] }),
    new HeaderTransport({ scheme: 'Bearer' }),
    new PrefixTransport(),
  ],
  timeout,
  lifetime: false,
  codec,
  maxPerPrincipal: 5,
  onMaxPerPrincipal: 'remove-oldest',
  renewInterval: '15m',
  logger: console,
};

@Injectable()
export class OptionsFactory implements SessionOptionsFactory {
  createSessionOptions(): SessionModuleOptions {
    return { manager: new HttpSessionManager(options) };
  }
}

@Injectable()
export class Managers {
  constructor(
    readonly manager: SessionManager,
    @InjectSessionManager('admin') readonly admins: SessionManager,
    @InjectSessionRegistry('admin') readonly registry: SessionRegistry,
  ) {}
}

const asyncOptions: SessionModuleAsyncOptions = { name: 'other', useClass: OptionsFactory };

export const modules: DynamicModule[] = [
  SessionModule.forRoot(),
  SessionModule.forRoot({ name: 'admin', isGlobal: false, cookie: { sameSite: 'strict', maxAge: 'session' } }),
  SessionModule.forRootAsync(asyncOptions),
];

export const guard: SessionGuard = SessionGuard.where((session) => session.constAttr('customerId') !== undefined);
export const tokens = [getSessionManagerToken(), getSessionStoreToken('admin'), getSessionRegistryToken('admin')];

export async function useSession(
  core: CoreManager,
  request: unknown,
  response: unknown,
): Promise<SessionErrorCode | undefined> {
  const session: Session<Cart, Customer> = createSession<Cart, Customer>({
    constAttrs: { customerId: 1 },
    attrs: { items: [] },
    principal: 'customer 1',
    labels: { device: 'phone' },
    timeout: '1h',
    persistent: false,
  });
  // @ts-expect-error -- the constant attributes must be given
  createSession<Cart, Customer>({ attrs: { items: [] } });
  // @ts-expect-error -- no such attribute
  session.attr('item');
  // @ts-expect-error -- not what the attribute holds
  session.setAttr('items', 'one');
  const customerId: number = session.constAttr('customerId');
  const items: string[] | undefined = session.attr('items');
  session.setAttr('coupon', undefined);
  const updated: string[] = await session.update('items', (current = []) => [
    ...current,
    String(customerId),
    ...(items ?? []),
  ]);
  await session.runExclusive(() => updated.length);
  try {
    await core.add(session, response);
    await core.get<Cart, Customer>(request, { onStoreError: 'anonymous' });
    await core.rotate(session, response);
    await core.remove(session, response, 'timeout');
    const { completed, removed } = await core.purge({ batchSize: 10, deadline: '1m' });
    return completed && removed > 0 ? undefined : 'SESSION_GONE';
  } catch (error) {
    return error instanceof SessionError ? error.code : undefined;
  }
}

export async function useInTest(app: INestApplication): Promise<string> {
  const { session, cookie, headers } = await createTestSession(app, { attrs: { items: [] } });
  return `${session.id} ${cookie} ${JSON.stringify(headers)}`;
}

const shop = typedSession<Cart, Customer>();

@Controller()
export class ShopController {
  @Get('items')
  items(@shop.SessAttr('items') items: string[] = []): string[] {
    return items;
  }

  @Get('customer')
  customer(@shop.guarded.SessConstAttr('customerId') customerId: number): number {
    return customerId;
  }

  @Get('account')
  @RequireFresh('10m')
  account(@shop.guarded.Sess() session: Session<Cart, Customer>, @shop.SessCtx() sessions: SessionContext): boolean {
    return session.isFresh('1m') && session.authenticated <= new Date() && sessions.session === undefined;
  }

  // @ts-expect-error -- no such attribute
  wrongName(@shop.SessAttr('item') items?: string[]): unknown {
    return items;
  }

  // @ts-expect-error -- not what the attribute holds
  wrongType(@shop.SessConstAttr('customerId') customerId: string): unknown {
    return customerId;
  }
}

// @ts-expect-error -- what can't be stored
export const wrongAttributes = typedSession<{ load: () => void }>();

export async function useRegistry(registry: SessionRegistry, session: Session<Cart, Customer>): Promise<number> {
  const principal: string = session.principal ?? '';
  const sessions: readonly SessionInfo[] = await registry.sessionsOf(principal, session);
  const subscription = registry.events.subscribe((event) => describe(event));
  for (const { handle, isCurrent, labels } of sessions) {
    if (!isCurrent && labels['device'] !== undefined) await registry.revoke(principal, handle);
  }
  subscription.unsubscribe();
  return (await registry.revokeOthers(session)) + (await registry.revokeAll(principal));
}

export function describe(event: SessionEvent | EmittedSessionEvent): string {
  switch (event.type) {
    case 'added':
      return `${event.principal ?? ''} ${event.handle ?? ''}`;
    case 'removed':
    case 'rotated':
    case 'rejected':
      return event.reason;
    case 'expired':
    case 'discarded':
      return event.handle;
    case 'undecodable':
      return event.what;
  }
}
