/** What the README and other pages show, compiles and runs; what it lists, is all there is. */
import { type DynamicModule, type INestApplication, Module, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { OwnDatabase } from '../support/own.database.js';
import { Backend, describeWith } from '../support/backends.js';
import { BuiltPackage } from '../support/built.package.js';
import { CookieClient } from '../support/cookie.client.js';
import { ExampleCompiler } from './example.compiler.js';
import { type CodeBlock, MarkdownPage } from '../support/markdown.page.js';
import { APPLICATIONS, COMPILED, NEEDS, ONLY_ON, PROGRAMS, type Started, STORES, SUITES } from './readme.examples.js';

const ROOT = new URL('../../', import.meta.url);
const readme = new MarkdownPage('README.md');
const pages = [
  readme,
  new MarkdownPage('CONTRIBUTING.md'),
  ...filesIn('docs').map((file) => new MarkdownPage(`docs/${file}`)),
  ...['01-demo', '02-node-http', '03-stores', '04-account'].map(
    (sample) => new MarkdownPage(`sample/${sample}/README.md`),
  ),
];
const blocks = pages.flatMap((page) => page.blocks);
const examples = blocks.filter(({ language }) => language === 'ts');

/** The Markdown files of a directory. */
function filesIn(directory: string): string[] {
  return readdirSync(new URL(directory, ROOT)).filter((file) => file.endsWith('.md'));
}

/** The blocks of a shell that are run, by the samples' own tests or by an example's. */
const RUN_ELSEWHERE = [
  'docs/quick-start.md, block 5',
  'sample/01-demo/README.md, block 2',
  'sample/02-node-http/README.md, block 2',
  'sample/03-stores/README.md, block 3',
  'sample/03-stores/README.md, block 4',
  'sample/04-account/README.md, block 2',
];

/** What applications of `nest new` have of their own. */
const SCRIPTS_OF_NEST_NEW = ['start:dev'];

/** The options' tables, by their first heading; the types that they list, and where these are. */
const TABLES: Record<string, { types: string; from?: string }> = {
  option: { types: 'SessionModuleOptions & SessionModuleExtras' },
  '`cookie`': { types: 'CookieOptions' },
  '`createSession`, `sessions.add`': { types: 'CreateSessionOptions' },
  '`MemoryStore`': { types: 'MemoryStoreOptions' },
  '`RedisStore`': { types: 'RedisStoreOptions', from: '/redis' },
  '`SqlStore`': { types: 'SqlStoreOptions', from: '/sql' },
  '`TieredStore`': { types: 'TieredStoreOptions', from: '/tiered' },
  '`CacheStore`': { types: 'CacheStoreOptions', from: '/cache' },
  '`HeaderTransport`': { types: 'HeaderOptions' },
};

/** An example's source, after that of the one it continues: what it imports from files beside it is there then. */
function sourceOf({ continues, code }: CodeBlock): string {
  const before = examples.find(({ example }) => example !== undefined && example === continues);
  return before ? `${sourceOf(before)}\n${code.replaceAll(/^import .* from '\.\/.*';\n/gm, '')}` : code;
}

/** The examples that something is known of. */
const registered = [...[APPLICATIONS, STORES, PROGRAMS].flatMap((kind) => Object.keys(kind)), ...SUITES, ...COMPILED];

/** The examples' databases. */
const DATABASES = [
  ['postgres://postgres@localhost/app', Backend.POSTGRES],
  ['mysql://root@localhost/app', Backend.MARIADB],
] as const;

const nameOf = ({ example, place }: CodeBlock) => example ?? place;

describe('every code block', () => {
  it('is checked', () => {
    const unchecked = blocks.filter(({ language, example = '' }) =>
      language === 'ts' ? !registered.includes(example) : language !== 'sh',
    );
    expect(unchecked.map(({ place, language }) => `${place} (${language})`)).toEqual([]);
  });

  it('has a name of its own, and continues one that is there', () => {
    const names = examples.map(nameOf);
    expect([...new Set(names)]).toEqual(names);
    expect(names).toEqual(expect.arrayContaining(examples.flatMap(({ continues }) => continues ?? [])));
    expect(names.toSorted()).toEqual(registered.toSorted());
  });

  it.each(blocks.filter(({ language, place }) => language === 'sh' && !RUN_ELSEWHERE.includes(place)))(
    'of a shell names commands that exist: $place',
    ({ code }) => {
      const manifest = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
        name: string;
        scripts: Record<string, string>;
        devDependencies: Record<string, string>;
      };
      const installable = [manifest.name, ...Object.keys(manifest.devDependencies)];
      for (const command of code.replaceAll(/#.*$/gm, '').split(/\n|&&/)) {
        const [npm, verb = '', ...rest] = command
          .trim()
          .replace(/^([A-Z_]+=\S+ )+/, '')
          .split(/\s+/);
        if (npm === '' || npm === 'cd') continue;
        if (npm === 'npx') {
          expect(installable).toContain(verb);
          continue;
        }
        if (npm === 'docker') {
          expect([verb, rest[0]]).toEqual(['compose', '-f']);
          expect(existsSync(new URL(rest[1] ?? '', ROOT))).toBe(true);
          continue;
        }
        expect(npm).toBe('npm');
        const [argument = ''] = rest;
        const scripts = [...Object.keys(manifest.scripts), ...SCRIPTS_OF_NEST_NEW];
        if (verb === 'install') expect(installable).toContain(argument);
        else if (verb !== 'ci') expect(scripts).toContain(verb === 'run' ? argument : verb);
        if (argument === 'sample') expect(existsSync(new URL(`sample/${rest[1]}/src/main.ts`, ROOT))).toBe(true);
      }
    },
  );
});

it.each(pages)('every link of $name leads to a file, or to a heading', ({ name, text }) => {
  const targets = Array.from(text.matchAll(/\]\((?!https?:)([^)]+)\)/g), ([, target = '']) => target);
  const lost = targets.filter((target) => {
    const file = new URL(target, new URL(name, ROOT));
    const anchor = file.hash.slice(1);
    if (!existsSync(file)) return true;
    return anchor !== '' && !new MarkdownPage(file.pathname.slice(ROOT.pathname.length)).anchors.includes(anchor);
  });
  expect(lost).toEqual([]);
});

it.each(pages)('every test that $name names is there', ({ text }) => {
  const named = Array.from(text.matchAll(/`((?:\w+\/)+[\w.-]+\.spec\.ts)/g), ([, file = '']) =>
    file.replace(/^test\//, ''),
  );
  expect(named.filter((file) => !existsSync(new URL(`test/${file}`, ROOT)))).toEqual([]);
});

it('the table of stores has every store of which there is an example, and the one without setup', () => {
  const stores = Object.values(STORES).map(({ store }) => store);
  expect(readme.rowsOf('store').toSorted()).toEqual([...new Set(['MemoryStore', ...stores])].toSorted());
});

describe('compiled strictly', () => {
  let compiler: ExampleCompiler;
  beforeAll(() => {
    const tables = Object.values(TABLES).map(
      ({ types, from = '' }, index) =>
        `import type { ${types.replaceAll(' & ', ', ')} } from 'nestjs-http-session${from}';
        export type Table${index} = ${types};`,
    );
    compiler = new ExampleCompiler(
      new Map([...examples.map((block) => [nameOf(block), sourceOf(block)] as const), ['tables', tables.join('\n')]]),
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

describe('run', async () => {
  let built: BuiltPackage;
  let SessionModule: { forRoot(options?: object): DynamicModule };
  let ProbeController: Type;
  /** What the examples have at localhost or in their directory, and where it is here. */
  const locations = new Map([['redis://localhost:6379', Backend.REDIS.url]]);
  let loaded = 0;

  beforeAll(async () => {
    built = await BuiltPackage.build();
    await built.compile('test/docs');
    ({ SessionModule } = (await import(/* @vite-ignore */ built.fileOf('dist/index'))) as {
      SessionModule: typeof SessionModule;
    });
    locations.set('sessions.sqlite', built.fileOf('sessions.sqlite'));
    ({ ProbeController } = (await import(/* @vite-ignore */ built.fileOf('test/docs/probe.controller'))) as {
      ProbeController: Type;
    });
  });
  afterAll(() => built?.remove());

  const needsOf = (block: CodeBlock) => NEEDS[nameOf(block)] ?? [];

  /** @param more - added to its source */
  async function load(block: CodeBlock, more = ''): Promise<Record<string, unknown>> {
    return (await import(/* @vite-ignore */ await fileOf(block, more))) as Record<string, unknown>;
  }

  async function fileOf(block: CodeBlock, more = ''): Promise<string> {
    const source = [...locations].reduce((text, [from, to]) => text.replaceAll(from, to), sourceOf(block) + more);
    return built.add(`docs/${nameOf(block)}.${++loaded}.ts`, source);
  }

  /** @param configure - what an example does to the application in its `main.ts` */
  async function start(
    module: Type,
    adapter: AbstractHttpAdapter = new ExpressAdapter(),
    configure?: unknown,
  ): Promise<INestApplication> {
    const app = await NestFactory.create(module, adapter, { logger: false, abortOnError: false });
    onTestFinished(() => app.close());
    if (typeof configure === 'function') await configure(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  for (const block of examples.filter(({ example = '' }) => example in APPLICATIONS)) {
    await describeWith(needsOf(block), `the example ${block.example} does what it says`, () => {
      const adapters = [
        ['Express', () => new ExpressAdapter()],
        ['Fastify', () => new FastifyAdapter()],
      ] as const;
      const only = ONLY_ON[nameOf(block)];
      it.each(adapters.filter(([platform]) => platform === (only ?? platform)))('on %s', async (_, createAdapter) => {
        const exports = await load(block);
        const module = moduleOf(exports);
        const begin = async (cookies?: ReadonlyMap<string, string>): Promise<Started> => {
          const app = await start(module, createAdapter(), exports['configure']);
          const client = new CookieClient(await app.getUrl(), cookies);
          const restart = async () => {
            await app.close();
            return begin(client.cookies);
          };
          return { app, client, exports, restart };
        };
        const started = await begin();
        await APPLICATIONS[nameOf(block)]?.(started.client, started);
      });
    });
  }

  for (const block of examples.filter(({ example = '' }) => example in STORES)) {
    await describeWith(needsOf(block), `the example ${block.example}`, () => {
      const databases: OwnDatabase[] = [];
      beforeAll(async () => {
        for (const [location, backend] of DATABASES) {
          if (!needsOf(block).includes(backend)) continue;
          const database = await OwnDatabase.create(backend);
          databases.push(database);
          locations.set(location, database.url);
        }
      });
      afterAll(async () => {
        for (const database of databases) await database.drop();
      });

      async function startOver(): Promise<{ origin: string; stop(): Promise<void> }> {
        const { store: className, close } = STORES[nameOf(block)] ?? { store: '', close: '' };
        const { closeDriver, ...stores } = await load(block, `\nexport const closeDriver = () => ${close};`);
        const store = Object.values(stores).find((one) => one?.constructor.name === className);
        const app = await start(moduleAround(SessionModule.forRoot({ store })));
        return {
          origin: await app.getUrl(),
          stop: async () => {
            await app.close();
            await (closeDriver as () => unknown)();
          },
        };
      }

      it('keeps its sessions while the application is started again, and none after the logout', async () => {
        const first = await startOver();
        const client = new CookieClient(first.origin);
        await client.post('/probe');
        await first.stop();

        const second = await startOver();
        const later = new CookieClient(second.origin, client.cookies);
        expect(await (await later.get('/probe')).text()).toBe('true');
        await later.post('/probe/logout');
        expect(await (await new CookieClient(second.origin, client.cookies).get('/probe')).text()).toBe('false');
        await second.stop();
      });
    });
  }

  it.each(examples.filter(({ example = '' }) => SUITES.includes(example)))(
    'the suite $example passes',
    { timeout: 60_000 },
    async (block) => {
      const { stdout } = await promisify(execFile)(process.execPath, [await fileOf(block)]);
      expect(stdout).toMatch(/^(#|ℹ) pass [1-9]/m);
    },
  );

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
    if (isClass(AppModule)) return moduleAround(AppModule);
    const controllers = Object.values(others).filter(isController);
    expect(controllers).not.toEqual([]);
    return moduleAround(SessionModule.forRoot(), controllers);
  }

  function moduleAround(sessions: Type | DynamicModule, controllers: Type[] = []): Type {
    class ExampleModule {}
    Module({ imports: [sessions], controllers: [...controllers, ProbeController] })(ExampleModule);
    return ExampleModule;
  }
});

function isClass(value: unknown): value is Type {
  return typeof value === 'function';
}

function isController(value: unknown): value is Type {
  return isClass(value) && Reflect.hasMetadata(PATH_METADATA, value);
}
