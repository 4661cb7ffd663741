/**
 * The library without Nest: sessions, stores and the manager, for Express, Fastify and `node:http`.
 * @module nestjs-http-session/core
 */
export { type CookieOptions, CookieTransport } from './manager/cookie.transport.js';
export { type HeaderOptions, HeaderTransport } from './manager/header.transport.js';
export { HttpSessionManager } from './manager/http-session.manager.js';
export type { SessionManagerOptions } from './manager/manager.options.js';
export { type GetOptions, type ManagerPurgeOptions, SessionManager } from './manager/session.manager.js';
export { type Presented, SessionTransport, type Validity } from './manager/session.transport.js';
export type { HttpRequest, HttpResponse } from './http/http.exchange.js';
export { PrincipalRegistry, type RegistrySource, type SessionInfo } from './registry/principal.registry.js';
export { type AttributeCodec, defaultCodec } from './session/attribute.codec.js';
export type { Awaitable } from './session/awaitable.js';
export type { Duration } from './session/duration.js';
export { SessionError, type SessionErrorCode } from './session/session.error.js';
export type {
  RejectionReason,
  RemovalReason,
  RemovedEvent,
  RotationReason,
  SessionEvent,
  SessionEventListener,
  SessionEvents,
  SessionSubject,
} from './session/session.events.js';
export type { SessionLogger } from './session/session.logger.js';
export type { Attributes, ConstAttributes, CreateSessionOptions } from './session/session.options.js';
export {
  type Changed,
  deadlineOf,
  type Delta,
  isLive,
  type Key,
  type SessionOutline,
  type SessionRecord,
} from './session/session.record.js';
export { type AnySession, createSession, Session } from './session/session.js';
export { CompareAndSwapStore } from './store/compare-and-swap.store.js';
export { MemoryStore, type MemoryStoreOptions } from './store/memory.store.js';
export type { SessionChannel } from './store/session.channel.js';
export { displacedBy } from './store/session.limit.js';
export type { StoreAccess } from './store/store.access.js';
export { type SessionCopies, type SessionCopy, TICKET_MS } from './store/session.copies.js';
export {
  type Added,
  type AddOptions,
  type Found,
  type ListedSession,
  type Purged,
  type PurgeOptions,
  type Renamed,
  type RenameOptions,
  type SessionLimit,
  SessionStore,
  type StoreCapabilities,
} from './store/session.store.js';
