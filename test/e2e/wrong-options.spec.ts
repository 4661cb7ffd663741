/** Wrong options never wait for a request: the application refuses to start, and says what is allowed. */
import {
  CookieTransport,
  HeaderTransport,
  HttpSessionManager,
  MemoryStore,
  SessionModule,
  type SessionModuleOptions,
} from 'nestjs-http-session';
import { describe, expect, it } from 'vitest';
import { createApp } from './harness.js';

/** The options, made when the test runs; the option that is named; what the message says of the value, and of what is allowed. */
const WRONG: [make: () => object, option: string, given: string, allowed: RegExp][] = [
  [() => ({ cookie: { sameSite: 'Lax' } }), 'cookie.sameSite', '"Lax"', /'strict', 'lax' or 'none'/],
  [() => ({ cookie: { sameSite: 'none', allowHttp: true } }), 'cookie.sameSite', '"none"', /Secure/],
  [() => ({ cookie: { partitioned: true, allowHttp: true } }), 'cookie.partitioned', 'true', /false with allowHttp/],
  [() => ({ cookie: { name: '__Host-a', domain: 'a.example' } }), 'cookie.name', '"__Host-a"', /without __Host-/],
  [() => ({ cookie: { name: '__Host-a', path: '/app' } }), 'cookie.name', '"__Host-a"', /without __Host-/],
  [() => ({ cookie: { name: '__Secure-a', allowHttp: true } }), 'cookie.name', '"__Secure-a"', /without __Secure-/],
  [() => ({ cookie: { name: 'a b' } }), 'cookie.name', '"a b"', /letters, digits/],
  [() => ({ cookie: { name: '' } }), 'cookie.name', '""', /letters, digits/],
  [() => ({ cookie: { path: 'app' } }), 'cookie.path', '"app"', /starts with '\/'/],
  [() => ({ cookie: { path: '/;HttpOnly' } }), 'cookie.path', '"/;HttpOnly"', /without ';'/],
  [() => ({ cookie: { domain: 'a.example; Secure' } }), 'cookie.domain', '"a.example; Secure"', /host name/],
  [() => ({ cookie: { maxAge: -1 } }), 'cookie.maxAge', '-1', /positive number/],
  [() => ({ cookie: { maxAge: 'forever' } }), 'cookie.maxAge', '"forever"', /'30d'/],
  [() => ({ cookie: { allowHttp: 'yes' } }), 'cookie.allowHttp', '"yes"', /true or false/],
  [() => ({ cookie: { prefix: 0 } }), 'cookie.prefix', '0', /true or false/],
  [() => ({ cookie: { secrets: [] } }), 'cookie.secrets', 'an empty array', /at least one/],
  [() => ({ cookie: { secrets: [''] } }), 'cookie.secrets', 'an array', /non-empty/],
  [() => ({ cookie: { secrets: 'hush' } }), 'cookie.secrets', 'a string', /array of secrets/],
  [() => ({ cookie: { samesite: 'lax' } }), 'cookie.samesite', 'unknown', /sameSite/],
  [() => ({ cookie: 'sessid' }), 'cookie', '"sessid"', /object of options/],
  [() => ({ cookie: null }), 'cookie', 'null', /object of options/],
  [() => ({ idLength: 8 }), 'idLength', '8', /16/],
  [() => ({ idLength: 1000 }), 'idLength', '1000', /180/],
  [() => ({ idLength: '18' }), 'idLength', '"18"', /integer/],
  [() => ({ timeout: -1 }), 'timeout', '-1', /positive/],
  [() => ({ timeout: 0 }), 'timeout', '0', /positive/],
  [() => ({ timeout: Infinity }), 'timeout', 'Infinity', /positive/],
  [() => ({ timeout: 'half an hour' }), 'timeout', '"half an hour"', /'30m'/],
  [() => ({ timeout: false }), 'timeout', 'false', /positive/],
  [() => ({ lifetime: true }), 'lifetime', 'true', /positive/],
  [() => ({ lifetime: null }), 'lifetime', 'null', /positive/],
  [() => ({ touchInterval: '-1m' }), 'touchInterval', '"-1m"', /positive/],
  [() => ({ storeTimeout: '60d' }), 'storeTimeout', '"60d"', /24d/],
  [() => ({ maxSize: 0 }), 'maxSize', '0', /1 or more/],
  [() => ({ onStoreError: 'ignore' }), 'onStoreError', '"ignore"', /'fail' or 'anonymous'/],
  [() => ({ codec: JSON }), 'codec', 'an object', /encode and decode/],
  [() => ({ store: 'redis://:hush@a.example' }), 'store', 'a URL', /extends SessionStore/],
  [() => ({ store: new Map() }), 'store', 'an object', /extends SessionStore/],
  [() => ({ logger: { warn: () => undefined } }), 'logger', 'an object', /debug, warn and error/],
  [() => ({ clock: 17 }), 'clock', '17', /function/],
  [() => ({ ttl: 17 }), 'ttl', 'unknown', /timeout/],
  [
    () => ({ cookie: {}, transport: new HeaderTransport() }),
    'transport',
    'an object',
    /only one of transport and cookie/,
  ],
  [() => ({ transport: [] }), 'transport', 'an empty array', /extend SessionTransport/],
  [() => ({ transport: 'cookie' }), 'transport', '"cookie"', /extend SessionTransport/],
  [
    () => ({ transport: [new CookieTransport(), new CookieTransport({ path: '/', secrets: ['hush'] })] }),
    'transport',
    '__Host-sessid',
    /share nothing/,
  ],
  [() => ({ manager: {} }), 'manager', 'an object', /extends SessionManager/],
  [() => ({ manager: manager(), timeout: '1h' }), 'timeout', 'manager', /no other option/],
  [() => ({ manager: manager(), store: new MemoryStore() }), 'store', 'manager', /no other option/],
  [() => ({ name: 'with spaces' }), 'name', '"with spaces"', /letters/],
  [() => ({ name: '' }), 'name', '""', /1 to 64/],
];

// The same on both platforms: the application isn't there yet.
describe('Wrong options', () => {
  it('beside the factory, where they would be ignored, are refused', () => {
    const misplaced = { store: new MemoryStore(), useFactory: () => ({}) };
    expect(() => SessionModule.forRootAsync(misplaced)).toThrow(
      /"forRootAsync.store" is unknown; allowed: .*useFactory/,
    );
  });

  it.each(WRONG.map(([make, option, given, allowed]) => ({ make, option, given, allowed })))(
    '$option: $given',
    async ({ make, option, given, allowed }) => {
      const refusal = await refusalOf(() => SessionModule.forRoot(make()));
      expect(refusal).toMatchObject({ name: 'SessionError', code: 'INVALID_OPTION' });
      expect(refusal.message).toContain(`"${option}"`);
      expect(refusal.message).toContain(given);
      expect(refusal.message).toMatch(allowed);
    },
  );

  it('are refused from an async factory too', async () => {
    const refusal = await refusalOf(() => SessionModule.forRootAsync({ useFactory: () => ({ idLength: 8 }) }));
    expect(refusal).toMatchObject({ code: 'INVALID_OPTION' });
    expect(refusal.message).toContain('idLength');
  });

  it('name and isGlobal belong beside an async factory, not into what it gives', async () => {
    const useFactory = () => ({ name: 'admin' }) as SessionModuleOptions;
    const refusal = await refusalOf(() => SessionModule.forRootAsync({ useFactory }));
    expect(refusal).toMatchObject({ code: 'INVALID_OPTION' });
    expect(refusal.message).toContain('"name" is unknown');
  });

  it('never show a secret', async () => {
    const secrets = ['swordfish', ''];
    const refusal = await refusalOf(() => SessionModule.forRoot({ cookie: { secrets } }));
    expect(refusal.message).not.toContain('swordfish');
  });
});

/** Why an application with this module doesn't start. */
async function refusalOf(module: () => ReturnType<typeof SessionModule.forRoot>): Promise<Error> {
  try {
    const app = await createApp('Express', { session: false, imports: [module()] });
    await app.close();
  } catch (error) {
    return error as Error;
  }
  throw new Error('The application started.');
}

function manager(): HttpSessionManager {
  return new HttpSessionManager({ logger: false });
}
