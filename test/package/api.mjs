/**
 * The public API as the built declarations have it, one report for each subpath, so that a change of it shows in review.
 * A program of node:test, which compares the reports with those in docs/api. With `--write` it writes them.
 */
import { CompilerState, Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHECKED_IN = join(ROOT, 'docs/api');

/** What Nest's builder has made: SessionModule extends it, and nobody names it. */
const NEEDS_NO_EXPORT = ['ConfigurableModuleClass'];

const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'api-'));
const reports = reportsOf(Object.entries(exports).filter(([, { types }]) => types));
rmSync(directory, { recursive: true });

if (process.argv.includes('--write')) {
  mkdirSync(CHECKED_IN, { recursive: true });
  for (const { name, text } of reports) writeFileSync(join(CHECKED_IN, name), text);
} else {
  const declaration = /^export (?:abstract )?(?:class|interface|type|function|const) (\w+)/gm;
  const exported = reports.flatMap(({ text }) => Array.from(text.matchAll(declaration), ([, name]) => name));
  for (const { subpath, name, text, unexported } of reports) {
    void test(`the API of ${subpath} is the one of docs/api/${name}; npm run api writes it`, () => {
      assert.equal(text, readFileSync(join(CHECKED_IN, name), 'utf8'));
    });
    void test(`the API of ${subpath} names no type that no subpath exports`, () => {
      const known = [...exported, ...NEEDS_NO_EXPORT];
      assert.deepEqual(
        unexported.filter((type) => !known.includes(type)),
        [],
      );
    });
  }
}

function reportsOf(subpaths) {
  const entries = subpaths.map(([subpath, { types }]) => {
    const name = `${subpath.slice(2) || 'index'}.api.md`;
    return { subpath, name, config: configOf(types, name) };
  });
  const [{ config }] = entries;
  const additionalEntryPoints = entries.map(({ config: { mainEntryPointFilePath } }) => mainEntryPointFilePath);
  const compilerState = CompilerState.create(config, { additionalEntryPoints });
  return entries.map(({ subpath, name, config }) => {
    const unexported = [];
    const messageCallback = (message) => {
      message.handled = true;
      if (message.messageId === 'ae-forgotten-export') unexported.push(/"(\w+)"/.exec(message.text)[1]);
    };
    Extractor.invoke(config, { compilerState, localBuild: true, messageCallback });
    return { subpath, name, text: shortened(readFileSync(join(directory, name), 'utf8')), unexported };
  });
}

function configOf(types, reportFileName) {
  const off = { enabled: false };
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: join(ROOT, types),
      compiler: { overrideTsconfig: { extends: './tsconfig.build.json', files: [types], include: [] } },
      apiReport: { enabled: true, reportFileName, reportFolder: directory, reportTempFolder: join(directory, 'new') },
      docModel: off,
      dtsRollup: off,
      tsdocMetadata: off,
      newlineKind: 'lf',
      messages: { extractorMessageReporting: { 'ae-forgotten-export': { logLevel: 'warning' } } },
    },
    packageJsonFullPath: join(ROOT, 'package.json'),
  });
}

/** Without what it says of each declaration, or of none. */
function shortened(report) {
  return report.replaceAll(/^ *\/\/ (@public|\(undocumented\)|\(No @packageDocumentation).*\n/gm, '');
}
