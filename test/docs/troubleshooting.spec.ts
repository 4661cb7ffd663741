/** docs/troubleshooting.md: what it quotes is what the library and TypeScript say, and it has every error code. */
import { SessionError, type SessionErrorCode } from 'nestjs-http-session';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MarkdownPage } from '../support/markdown.page.js';
import { ExampleCompiler } from './example.compiler.js';

const page = new MarkdownPage('docs/troubleshooting.md');
const SOURCES = new URL('../../src/', import.meta.url);

/** All sources, in one piece, with the parts of a text that is added up put together. */
const source = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(new URL(name, SOURCES), 'utf8'))
  .join('\n')
  .replaceAll(/['`"] \+\s*['`"]/g, '')
  .replaceAll("\\'", "'")
  .replaceAll('${this.#subject}', 'session store');

const quotations = Array.from(page.text.matchAll(/^ *> (.+)$/gm), ([, quotation = '']) => quotation);

describe('what the page quotes', () => {
  it('is a message of the library', () => {
    expect(quotations.length).toBeGreaterThan(10);
    const fragments = quotations.flatMap((quotation) =>
      quotation.split('…').map((fragment) => fragment.replaceAll(/^[ .:]+|[ .:]+$/g, '')),
    );
    // What is left of a sentence around what differs.
    const telling = fragments.filter((fragment) => /\w{3}/.test(fragment));
    expect(telling.filter((fragment) => !source.includes(fragment))).toEqual([]);
  });

  it('is what TypeScript says', () => {
    const root = "import { RedisStore } from 'nestjs-http-session';\nexport const store = RedisStore;";
    const compiler = new ExampleCompiler(new Map([['root', root]]));
    expect(compiler.problemsOf('root')).toEqual([expect.stringContaining("has no exported member 'RedisStore'")]);
    expect(page.text).toContain("has no exported member 'RedisStore'");
  });
});

describe('the error codes', () => {
  const rows = page.cellsOf('`code`').map(([code = '', status = '']) => ({ code: code.replaceAll('`', ''), status }));

  it('are all there', () => {
    const codes = 'import type { SessionErrorCode } from "nestjs-http-session";\n';
    const compiler = new ExampleCompiler(
      new Map([['codes', `${codes}export type Codes = Record<SessionErrorCode, string>;`]]),
    );
    const known = compiler.propertiesOf('codes', 'Codes');
    expect(known.length).toBeGreaterThan(10);
    expect(rows.map(({ code }) => code).toSorted()).toEqual(known.toSorted());
  });

  it.each(rows)('$code answers $status', ({ code, status }) => {
    expect(new SessionError(code as SessionErrorCode, '').status).toBe(Number(status));
  });
});
