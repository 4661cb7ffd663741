/** The site: the pages of this directory, and below `api/` what TypeDoc makes of the sources. */
import { defineConfig } from 'vitepress';
import { NAVIGATION } from './navigation.js';
import { outsideAsText } from './outside.links.js';

// oxlint-disable-next-line import/no-default-export -- what VitePress looks for
export default defineConfig({
  title: 'nestjs-http-session',
  description: 'HTTP sessions for NestJS, on Express and on Fastify',
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  markdown: { config: (markdown) => markdown.use(outsideAsText) },
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/quick-start' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: NAVIGATION.map(({ text, items }) => ({ text, items: [...items] })),
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
