/** Finds the programs of servers. */
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @returns the file, or `undefined` if it isn't installed */
export function findProgram(name: string): string | undefined {
  return directories()
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

/** Also where distributions put what only administrators call, and PostgreSQL's programs, the newest first. */
function directories(): string[] {
  const versions = entriesOf('/usr/lib/postgresql').toSorted((one, other) => Number(other) - Number(one));
  return [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/sbin',
    '/usr/local/sbin',
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin`),
  ];
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
