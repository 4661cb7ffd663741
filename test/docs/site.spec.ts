/** The site has every page, and what its pages say of tests is so. */
import { existsSync, readdirSync } from 'node:fs';
import { testSessionStore } from 'nestjs-http-session/testing';
import { MemoryStore } from 'nestjs-http-session';
import { expect, it } from 'vitest';
import { NAVIGATION } from '../../docs/.vitepress/navigation.js';
import { MarkdownPage } from '../support/markdown.page.js';

const ROOT = new URL('../../', import.meta.url);
const promises = new MarkdownPage('docs/promises.md');

it('every page is in the navigation, and there is no other', () => {
  const links = NAVIGATION.flatMap(({ items }) => items.map(({ link }) => link)).filter(
    (link) => !link.startsWith('/reference/'),
  );
  const pages = readdirSync(new URL('docs', ROOT)).filter((file) => file.endsWith('.md'));
  expect(links.toSorted()).toEqual(pages.map((file) => `/${file.replace(/(index)?\.md$/, '')}`).toSorted());
});

it('the page of promises has those of the kit, by its words', () => {
  const names = new Set<string>();
  const describe = (name: string, body: () => void) => {
    if (/^\d+\. /.test(name)) names.add(name);
    body();
  };
  testSessionStore({ describe, it: () => undefined }, () => new MemoryStore());
  const byNumber = (a: string, b: string) => Number.parseInt(a, 10) - Number.parseInt(b, 10);
  expect(promises.cellsOf('promise').map(([promise]) => promise)).toEqual([...names].toSorted(byNumber));
});

it('the tests and chapters that it names are there', () => {
  const chapters = promises
    .cellsOf('promise')
    .map(([, , chapter = '']) => `src/testing/promises/${chapter.replaceAll('`', '')}`);
  const tests = Array.from(promises.text.matchAll(/`(test\/[^`]+)`/g), ([, file = '']) => file);
  expect(tests.length).toBeGreaterThan(20);
  expect([...chapters, ...tests].filter((file) => !existsSync(new URL(file, ROOT)))).toEqual([]);
});
