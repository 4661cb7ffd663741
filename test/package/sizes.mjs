/** What an install of the library costs, and of others. Without peers: an application has them, or installs those it uses. */
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'sizes-'));

try {
  const [packed] = JSON.parse(npm(ROOT, 'pack', '--json', '--silent', '--pack-destination', directory));
  console.log(`Packed ${kB(packed.size)}, unpacked ${kB(packed.unpackedSize)}, ${packed.entryCount} files.`);
  for (const wanted of [
    [join(directory, packed.filename)],
    ['express-session', 'connect-redis'],
    ['@fastify/session', '@fastify/cookie'],
  ]) {
    const { names, packages, files, bytes } = install(wanted);
    console.log(`${names.join(', ')}: ${packages} packages, ${files} files, ${kB(bytes)}`);
  }
} finally {
  rmSync(directory, { recursive: true });
}

function install(wanted) {
  const project = mkdtempSync(join(directory, 'project-'));
  const modules = join(project, 'node_modules');
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  npm(project, 'install', '--omit=peer', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...wanted);

  const { packages } = readJson(join(modules, '.package-lock.json'));
  const installed = Object.keys(packages).filter((path) => !packages[path].peer);
  const sizes = installed.flatMap((path) => fileSizesOf(join(project, path)));
  const { dependencies } = readJson(join(project, 'package.json'));
  return {
    names: Object.keys(dependencies).map((name) => `${name} ${packages[`node_modules/${name}`].version}`),
    packages: installed.length,
    files: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
  };
}

/** Of a package alone: those inside of it are listed by themselves. */
function fileSizesOf(directory) {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : fileSizesOf(path);
    return [lstatSync(path).size];
  });
}

function npm(cwd, ...args) {
  return execFileSync('npm', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function kB(bytes) {
  return `${Math.round(bytes / 1000).toLocaleString('en')} kB`;
}
