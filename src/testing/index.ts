/**
 * For tests: of applications that use the library, of stores written for it.
 * @module nestjs-http-session/testing
 */
export { createExchange, type Credentials, credentialsOf, type MadeUpExchange } from './made-up.exchange.js';
export {
  ObservedStore,
  type StoreAnswers,
  type StoreBarrier,
  type StoreCall,
  type StoreInterceptor,
  type StoreMethod,
} from './observed.store.js';
export { type ExpectedStore, testSessionStore, type TestRunner } from './session-store.kit.js';
export { createTestSession, type TestApplication, type TestSession } from './test-session.js';
export { TestClock } from './test.clock.js';
