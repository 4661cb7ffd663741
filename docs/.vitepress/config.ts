/** The site: the pages of this directory, and below `reference/` what TypeDoc makes of the sources. */
import { defineConfig } from 'vitepress';
import { NAVIGATION } from './navigation.js';
import { repositoryLinks } from './repository.links.js';

export default defineConfig({
  title: 'nestjs-http-session',
  description: 'HTTP sessions for NestJS, on Express and on Fastify',
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  // Reports of the API, for who changes it.
  srcExclude: ['api/**'],
  markdown: { config: (markdown) => markdown.use(repositoryLinks) },
  // The index of the search is one file.
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'API', link: '/reference/' },
    ],
    sidebar: NAVIGATION.map(({ text, items }) => ({ text, items: [...items] })),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
