/** The pages, in the order in which they are read. What is in no group here, nobody finds: `test/docs/site.spec.ts` looks. */

interface Entry {
  readonly text: string;
  /** A page of `docs`, without its ending. */
  readonly link: string;
}

interface Group {
  readonly text: string;
  readonly items: readonly Entry[];
}

export const NAVIGATION: readonly Group[] = [
  {
    text: 'Start',
    items: [
      { text: 'What it is', link: '/' },
      { text: 'Quick start', link: '/quick-start' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Login and logout', link: '/login' },
      { text: 'Attributes', link: '/attributes' },
      { text: 'Choosing a store', link: '/stores' },
      { text: 'A user’s sessions', link: '/principals' },
      { text: 'Several sessions', link: '/several-sessions' },
      { text: 'Beyond the decorators', link: '/manager' },
      { text: 'Testing your application', link: '/testing-your-app' },
      { text: 'Behind a proxy', link: '/proxy' },
      { text: 'CORS', link: '/cors' },
      { text: 'Swagger', link: '/swagger' },
      { text: 'Hot reload', link: '/hot-reload' },
      { text: 'Shutdown', link: '/shutdown' },
      { text: 'From express-session', link: '/migrating-from-express-session' },
      { text: 'From @fastify/session', link: '/migrating-from-fastify-session' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
  },
  {
    text: 'Writing',
    items: [{ text: 'A store of your own', link: '/writing-a-store' }],
  },
  {
    text: 'Reference',
    items: [
      { text: 'API', link: '/reference/' },
      { text: 'Options', link: '/options' },
      { text: 'Promises', link: '/promises' },
      { text: 'Security', link: '/security' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'Capacity', link: '/capacity' },
    ],
  },
  {
    text: 'Contributing',
    items: [{ text: 'Architecture', link: '/architecture' }],
  },
];
