/**
 * Rooms import one way: session <- store <- registry, manager <- nest, and http <- manager.
 * A type counts as much as a value: declaration files are read by users too.
 */
const only = (room, allowed) => ({
  name: `${room}-imports-only-${allowed.join('-') || 'itself'}`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: '^(src|test|sample)/', pathNot: [room, ...allowed].map((name) => `^src/${name}/`) },
});

const DRIVERS = 'redis|sql|cache|tiered';
const NEST = '(^|node_modules/)(@nestjs|rxjs|reflect-metadata)(/|$)';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    only('session', []),
    only('store', ['session']),
    only('registry', ['session', 'store']),
    only('http', ['session']),
    only('manager', ['session', 'store', 'http']),
    only('nest', ['session', 'store', 'registry', 'manager', 'http']),
    {
      name: 'stores-do-not-import-each-other',
      severity: 'error',
      from: { path: `^src/store/(${DRIVERS})/` },
      to: { path: `^src/store/(${DRIVERS})/`, pathNot: '^src/store/$1/' },
    },
    {
      name: 'one-subpath-loads-one-driver',
      comment: "A driver's room is reached through its own subpath only: importing anything else loads no driver.",
      severity: 'error',
      from: { path: '^src/', pathNot: `^src/(testing|store/(${DRIVERS}))/` },
      to: { path: `^src/store/(${DRIVERS})/` },
    },
    {
      name: 'registry-knows-the-store-contract-only',
      severity: 'error',
      from: { path: '^src/registry/' },
      to: { path: '^src/store/(memory)' },
    },
    {
      name: 'nothing-imports-testing',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/testing/' },
      to: { path: '^src/testing/' },
    },
    {
      name: 'only-nest-knows-nest',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(nest|registry|testing)/' },
      to: { path: NEST },
    },
    {
      name: 'core-works-without-nest',
      severity: 'error',
      from: { path: '^src/core\\.ts$' },
      to: { path: NEST, reachable: true },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|sample|dist)/' },
    },
    {
      name: 'only-declared-dependencies',
      comment: 'A user installs dependencies and peers, never what only we develop with.',
      severity: 'error',
      from: { path: '^src/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
        dependencyTypesNot: ['npm', 'npm-peer'],
      },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
    },
  },
};
