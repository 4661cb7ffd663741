/** docs/security.md: no rule is left out, each has a verdict and a proof that exists, and the options keep to NIST's limits. */
import type { SessionManagerOptions } from 'nestjs-http-session/core';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { collectedTests } from '../support/collected.tests.js';
import { MarkdownPage } from '../support/markdown.page.js';
import { setCookies, TestServer } from '../unit/fixtures/test.server.js';

const page = new MarkdownPage('docs/security.md');

/** The sections of the cheat sheet that say what to do, by their anchors. */
const CHEAT_SHEET = [
  'session-id-name-fingerprinting',
  'session-id-length',
  'session-id-entropy',
  'session-id-content-or-value',
  'built-in-session-management-implementations',
  'used-vs-accepted-session-id-exchange-mechanisms',
  'transport-layer-security',
  'secure-attribute',
  'httponly-attribute',
  'samesite-attribute',
  'domain-and-path-attributes',
  'expire-and-max-age-attributes',
  'html5-web-storage-api',
  'web-workers',
  'session-id-generation-and-verification-permissive-and-strict-session-management',
  'manage-session-id-as-any-other-user-input',
  'renew-the-session-id-after-any-privilege-level-change',
  'considerations-when-using-multiple-cookies',
  'session-expiration',
  'idle-timeout',
  'absolute-timeout',
  'renewal-timeout',
  'logout-button',
  'web-content-caching',
  'initial-login-timeout',
  'force-session-logout-on-web-browser-window-close-events',
  'disable-web-browser-cross-tab-sessions',
  'automatic-client-logout',
  'session-id-guessing-and-brute-force-detection',
  'detecting-session-id-anomalies',
  'binding-the-session-id-to-other-user-properties',
  'logging-sessions-life-cycle-monitoring-creation-usage-and-destruction-of-session-ids',
  'simultaneous-session-logons',
  'session-management-waf-protections',
];

/** How many requirements each section has of ASVS 5.0.0: all of V7, and of V3 the one on cookies. */
const ASVS = { '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2, '3.3': 5 };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const VERDICT = /^(yes|with an option|the application's|does not apply)(: \S|$)/;

interface Rule {
  readonly name: string;
  readonly link: string;
  readonly verdict: string;
  readonly proofs: readonly string[];
}

const rules = page.tables
  .filter(({ headings }) => headings.join() === 'rule,by default,by what,proven by')
  .flatMap(({ rows }) => rows.map(ruleOf));

function ruleOf([rule = '', verdict = '', , proof = '']: readonly string[]): Rule {
  const [, name = rule, link = ''] = /^\[([^\]]+)\]\[([^\]]+)\]/.exec(rule) ?? [];
  return { name, link, verdict, proofs: Array.from(proof.matchAll(/`([^`]+)`/g), ([, test = '']) => test) };
}

describe('the rules', () => {
  it('are all of the cheat sheet, in its order', () => {
    expect(rules.map(({ link }) => link).filter((link) => !/^v\d/.test(link))).toEqual(CHEAT_SHEET);
  });

  it('are all of ASVS 5.0, V7 and V3.3', () => {
    const numbers = Object.entries(ASVS).flatMap(([section, count]) =>
      Array.from({ length: count }, (_, index) => `v${section}: ${section}.${index + 1}`),
    );
    const named = rules.filter(({ link }) => /^v\d/.test(link)).map(({ name, link }) => `${link}: ${name}`);
    expect(named).toEqual(numbers);
  });

  it('lead to where they stand', () => {
    const addresses = new Map(
      Array.from(page.text.matchAll(/^\[([^\]]+)\]: (\S+)$/gm), ([, label = '', address = '']) => [label, address]),
    );
    const cheatSheet = addresses.get('cheat-sheet');
    for (const { name, link } of rules) {
      const section = /^v(\d)\.(\d)$/.exec(link);
      const expected = section
        ? new RegExp(`/ASVS/blob/v5\\.0\\.0/.+#v${section[1]}${section[2]}-`)
        : `${cheatSheet}#${link}`;
      expect(addresses.get(link), name).toMatch(expected);
    }
  });

  it('have a verdict each', () => {
    expect(rules.filter(({ verdict }) => !VERDICT.test(verdict)).map(({ name }) => name)).toEqual([]);
  });

  it('are proven, where the library keeps them', () => {
    const unproven = rules.filter(({ verdict, proofs }) => /^(yes|with)/.test(verdict) && proofs.length === 0);
    expect(unproven.map(({ name }) => name)).toEqual([]);
  });

  it('are proven by tests that exist', { timeout: 120_000 }, async () => {
    const proofs = [...new Set(rules.flatMap((rule) => rule.proofs))];
    const files = [...new Set(proofs.map((proof) => proof.slice(0, proof.indexOf(' › '))))];
    const tests = await collectedTests(files);
    expect(proofs.filter((proof) => !tests.some(isNamed(proof)))).toEqual([]);
  });
});

/** A title may have placeholders, as it stands in the spec file: any of the tests it is of will do. */
function isNamed(proof: string): (test: string) => boolean {
  const parts = proof.split(/%\w/);
  const pattern = new RegExp(`^${parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('.+')}$`);
  return (test) => pattern.test(test);
}

describe('the options for NIST SP 800-63B', () => {
  const levels = page.cellsOf('options').map(([options = '', , , overall, inactivity]) => ({
    name: options.replaceAll('`', ''),
    overall: spanIn(overall),
    inactivity: spanIn(inactivity),
  }));

  it('are there for every level of the table', () => {
    const blocks = page.blocks.flatMap(({ example = '' }) => (example.startsWith('aal') ? [example] : []));
    expect(blocks).toEqual(levels.map(({ name }) => name));
    expect(levels.map(({ overall }) => overall / HOUR)).toEqual([30 * 24, 24, 12, 12]);
    expect(levels.map(({ inactivity }) => inactivity / HOUR)).toEqual([Infinity, 1, 0.5, 0.25]);
  });

  it.each(levels)('$name: without activity, the session ends in time', async ({ name, inactivity }) => {
    const server = new TestServer(optionsOf(name));
    const { session, response } = await server.login();
    expect(session.expires.getTime() - server.clock.now()).toBeLessThanOrEqual(inactivity);
    // Just after an access that is recorded, the most is left.
    server.clock.advance('5m');
    const visit = await server.return({ response });
    await visit.session.save();
    expect(visit.session.expires.getTime() - server.clock.now()).toBeLessThanOrEqual(inactivity);
    server.clock.set(visit.session.expires);
    expect(await server.find({ response })).toBeUndefined();
  });

  it.each(levels)('$name: in use all the time, it ends in time', async ({ name, overall }) => {
    const server = new TestServer(optionsOf(name));
    const { session, response } = await server.login();
    while (await server.find({ response })) server.clock.advance('5m');
    // Not sooner than it has to, either.
    expect(server.clock.now() - session.created.getTime()).toBe(overall);
  });

  it.each(levels)('$name: the cookie ends with the browser', async ({ name }) => {
    const { response } = await new TestServer(optionsOf(name)).login();
    expect(setCookies(response)).toHaveLength(1);
    expect(setCookies(response)[0]).not.toMatch(/Max-Age|Expires/);
  });
});

/** The first span of time in a cell, in milliseconds. */
function spanIn(cell = ''): number {
  const [, count, unit = ''] = /(\d+) (minute|hour|day)/.exec(cell) ?? [];
  if (cell === 'no limit') return Infinity;
  return Number(count) * ({ minute: MINUTE, hour: HOUR, day: 24 * HOUR }[unit] ?? NaN);
}

/** What an example gives to `SessionModule.forRoot`. */
function optionsOf(name: string): SessionManagerOptions {
  const code = page.blocks.find(({ example }) => example === name)?.code ?? '';
  const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const given: SessionManagerOptions[] = [];
  const SessionModule = { forRoot: (options: SessionManagerOptions) => given.push(options) };
  runInNewContext(outputText, { exports: {}, require: () => ({ SessionModule }) });
  return structuredClone(given[0] ?? {});
}
