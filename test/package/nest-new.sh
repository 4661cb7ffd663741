#!/usr/bin/env bash
# nest-new.sh TARBALL DIRECTORY: a new application of Nest's own template, which then does what README.md says: the package is
# installed, and the first two examples are put in. For each, a program on Express and one on Fastify.
set -euo pipefail
tarball=$1
directory=$2
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# example NAME: a block of code of README.md.
example() {
  awk -v marker="<!-- example: $1 -->" '
    $0 == marker { found = 1 }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside
  ' "$root/README.md"
}

# program NAME MODULE FILE PLATFORM: the template's own main.ts, for another module or platform.
program() {
  sed -e "s|AppModule } from './app.module|$2 } from './$3|" -e "s|create(AppModule|create($2|" src/main.ts >"src/$1.ts"
  if [ "$4" = fastify ]; then
    sed -i -e "s|create($2|&, new FastifyAdapter()|" -e "1i import { FastifyAdapter } from '@nestjs/platform-fastify';" "src/$1.ts"
  fi
}

mkdir "$directory"
cd "$directory"
"$root/node_modules/.bin/nest" new app --directory . --skip-install --skip-git --package-manager npm --no-observe
npm install --no-audit --no-fund --no-package-lock --prefer-offline "$tarball" @nestjs/platform-fastify

example usage >src/app.module.ts
example login >src/account.controller.ts
cat >src/account.module.ts <<'MODULE'
import { Module } from '@nestjs/common';
import { SessionModule } from 'nestjs-http-session';
import { AccountController } from './account.controller.js';

@Module({ imports: [SessionModule.forRoot()], controllers: [AccountController] })
export class AccountModule {}
MODULE
for platform in express fastify; do
  program "visits-$platform" AppModule app.module "$platform"
  program "account-$platform" AccountModule account.module "$platform"
done

npm run build
