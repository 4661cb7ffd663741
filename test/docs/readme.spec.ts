/** What the README shows, compiles and runs; what it lists, is all there is. */
import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { existsSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { ExampleCompiler } from './example.compiler.js';
import { type CodeBlock, MarkdownPage } from '../support/markdown.page.js';
import { APPLICATIONS, PROGRAMS } from './readme.examples.js';

const ROOT = new URL('../../', import.meta.url);
const readme = new MarkdownPage('README.md');
const pages = [readme, new MarkdownPage('sample/01-demo/README.md'), new MarkdownPage('sample/02-node-http/README.md')];
const blocks = pages.flatMap((page) => page.blocks);
const examples = blocks.filter(({ language }) => language === 'ts');

/** The blocks of a shell that the samples' own tests run. */
const RUN_ELSEWHERE = ['sample/01-demo/README.md, block 2', 'sample/02-node-http/README.md, block 2'];

/** The options' tables, by their first heading, and the types that they list. */
const TABLES = {
  option: 'SessionModuleOptions & SessionModuleExtras',
  '`cookie`': 'CookieOptions',
  '`createSession`, `sessions.add`': 'CreateSessionOptions',
  '`MemoryStore`': 'MemoryStoreOptions',
  '`HeaderTransport`': 'HeaderOptions',
};

/** An example's source, after that of the one it continues. */
function sourceOf({ continues, code }: CodeBlock): string {
  const before = examples.find(({ example }) => example !== undefined && example === continues);
  return before ? `${sourceOf(before)}\n${code}` : code;
}

const nameOf = ({ example, place }: CodeBlock) => example ?? place;

describe('every code block', () => {
  it('is checked', () => {
    const unchecked = blocks.filter(({ language, example = '' }) =>
      language === 'ts' ? !(example in APPLICATIONS) && !(example in PROGRAMS) : language !== 'sh',
    );
    expect(unchecked.map(({ place, language }) => `${place} (${language})`)).toEqual([]);
  });

  it('has a name of its own, and continues one that is there', () => {
    const names = examples.map(nameOf);
    expect([...new Set(names)]).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(examples.flatMap(({ continues }) => continues ?? [])));
    expect(names.toSorted()).toEqual([...Object.keys(APPLICATIONS), ...Object.keys(PROGRAMS)].toSorted());
  });

  it.each(blocks.filter(({ language, place }) => language === 'sh' && !RUN_ELSEWHERE.includes(place)))(
    'of a shell names commands that exist: $place',
    ({ code }) => {
      const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
        name: string;
        scripts: Record<string, string>;
      };
      for (const command of code.replaceAll(/#.*$/gm, '').split(/\n|&&/)) {
        const [npm, verb = '', ...rest] = command
          .trim()
          .replace(/^([A-Z]+=\S+ )+/, '')
          .split(/\s+/);
        if (npm === '') continue;
        expect(npm).toBe('npm');
        const [argument = ''] = rest;
        if (verb === 'install') expect(argument).toBe(manifest.name);
        else if (verb !== 'ci') expect(Object.keys(manifest.scripts)).toContain(verb === 'run' ? argument : verb);
        if (argument === 'sample') expect(existsSync(new URL(`sample/${rest[1]}/src/main.ts`, ROOT))).toBe(true);
      }
    },
  );
});

describe('compiled strictly', () => {
  let compiler: ExampleCompiler;
  beforeAll(() => {
    const types = Object.entries(TABLES).map(([, type], index) => `export type Table${index} = ${type};`);
    const imports = Object.values(TABLES).join(', ').replaceAll(' & ', ', ');
    const tables = `import type { ${imports} } from 'nestjs-http-session';\n${types.join('\n')}`;
    compiler = new ExampleCompiler(
      new Map([...examples.map((block) => [nameOf(block), sourceOf(block)] as const), ['tables', tables]]),
    );
  });

  it.each(examples)('the example $example has no problem', (block) => {
    expect(compiler.problemsOf(nameOf(block))).toEqual([]);
  });

  it.each(Object.keys(TABLES).map((heading, index) => ({ heading, index })))(
    'the table of $heading lists every option',
    ({ heading, index }) => {
      const properties = compiler.propertiesOf('tables', `Table${index}`);
      expect(properties).not.toEqual([]);
      expect(readme.rowsOf(heading).toSorted()).toEqual(properties.toSorted());
    },
  );
});

describe('run', () => {
  let built: BuiltPackage;
  let SessionModule: { forRoot(): DynamicModule };
  let ProbeController: Type;

  beforeAll(async () => {
    built = await BuiltPackage.build();
    await built.compile('test/docs');
    ({ SessionModule } = (await import(/* @vite-ignore */ built.fileOf('dist/index'))) as {
      SessionModule: typeof SessionModule;
    });
    ({ ProbeController } = (await import(/* @vite-ignore */ built.fileOf('test/docs/probe.controller'))) as {
      ProbeController: Type;
    });
  });
  afterAll(() => built?.remove());

  async function load(block: CodeBlock): Promise<Record<string, unknown>> {
    const file = await built.add(`docs/${nameOf(block)}.ts`, sourceOf(block));
    return (await import(/* @vite-ignore */ file)) as Record<string, unknown>;
  }

  const applications = examples.filter(({ example = '' }) => example in APPLICATIONS);
  describe.each([
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter()],
  ])('on %s', (_, createAdapter) => {
    it.each(applications)('the example $example does what it says', async (block) => {
      const module = moduleOf(await load(block));
      const app = await NestFactory.create(module, createAdapter(), { logger: false, abortOnError: false });
      onTestFinished(() => app.close());
      await app.listen(0, '127.0.0.1');
      await APPLICATIONS[nameOf(block)]?.(new CookieClient(await app.getUrl()));
    });
  });

  it.each(examples.filter(({ example = '' }) => example in PROGRAMS))(
    'the example $example does what it says',
    async (block) => {
      await PROGRAMS[nameOf(block)]?.(await load(block), async (server: Server) => {
        await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
        onTestFinished(() => {
          server.closeAllConnections();
          server.close();
        });
        return new CookieClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      });
    },
  );

  /** The example's own module, or one around its controllers. */
  function moduleOf({ AppModule, ...others }: Record<string, unknown>): Type {
    class ExampleModule {}
    const controllers = Object.values(others).filter(isController);
    const modules = isClass(AppModule) ? [AppModule] : [SessionModule.forRoot()];
    expect(isClass(AppModule) || controllers.length > 0).toBe(true);
    Module({ imports: modules, controllers: [...controllers, ProbeController] })(ExampleModule);
    return ExampleModule;
  }
});

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}

function isController(value: unknown): value is Type {
  return isClass(value) && Reflect.hasMetadata(PATH_METADATA, value);
}
