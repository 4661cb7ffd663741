#!/usr/bin/env bash
# Packs the package and uses it as strangers do: a Nest 11 application in CommonJS with the oldest drivers, a Nest 12
# application in ESM with the newest, both on Express and on Fastify, one that `nest new` has just made, and projects without Nest:
# one without a driver, then one for each driver. The last line holds the totals.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

root=$PWD
# Where no directory above has a node_modules, which would serve the projects what they didn't install.
for base in "${TMPDIR:-/tmp}" /var/tmp; do [ -e "$base/node_modules" ] || break; done
work=$(mktemp -d "$base/package-XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
source test/package/harness.sh

only_what_belongs_in_it() {
  local expected='^package/(dist/.+\.(js|js\.map|d\.ts)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$'
  if tar -tzf "$tarball" | grep -vE "$expected"; then return 1; fi
  for file in package.json README.md LICENSE CHANGELOG.md; do test -s "$file" || return 1; done
}

exports_exist() {
  node -e '
    const { existsSync } = require("node:fs");
    const { exports } = require("./package.json");
    const files = Object.values(exports).flatMap((target) => typeof target === "string" ? target : Object.values(target));
    const missing = files.filter((file) => !existsSync(file));
    if (missing.length > 0) throw new Error(`missing: ${missing}`);
  '
}

# The sources are not in the package: what a map points to must be inside of the map.
maps_are_complete() {
  find dist -name '*.js.map' -exec node -e '
    for (const file of process.argv.slice(1)) {
      const { sources, sourcesContent } = JSON.parse(require("node:fs").readFileSync(file, "utf8"));
      const complete = sources.every((source, index) => !source.startsWith("/") && sourcesContent?.[index]);
      if (!complete) throw new Error(`${file} points outside`);
    }
  ' {} +
}

names_no_path_of_this_machine() {
  ! grep -rlF -e "$root" -e "$HOME/" .
}

echo '--- pack'
check 'the package is built and packed' npm pack --silent --pack-destination "$work" || finish
tarball=$(echo "$work"/*.tgz)
tar -xzf "$tarball" -C "$work"
cp test/package/consumers/tsconfig.strict.json "$work"

echo '--- install'
behind nest-11 prepare nest-11 nest-11 nest no-emitter -- "$tarball"
behind nest-12 prepare nest-12 nest-12 nest emitter -- "$tarball"
# An application without Nest leaves the peers out.
behind core prepare core alone core shared -- --omit=peer "$tarball"
behind nest-new bash test/package/nest-new.sh "$tarball" "$work/nest-new"

echo '--- package'
cd "$work/package"
check 'it holds the build and its documents, nothing else' only_what_belongs_in_it || true
check 'every export exists' exports_exist || true
check 'its source maps are complete in themselves' maps_are_complete || true
check 'it names no path of this machine' names_no_path_of_this_machine || true
cd "$root"
check 'publint finds nothing' npx publint run "$tarball" --strict || true
check 'its types are right, for ES modules' npx attw "$tarball" --profile esm-only || true
suite 'its API is the one that is written down' run test/package/api.mjs || true

for nest in nest-11 nest-12; do
  echo "--- $nest"
  check "$nest: installs" done_behind "$nest" || continue
  cd "$work/$nest"
  check "$nest: a strict consumer compiles" compiles || continue
  suite "$nest: runs" run dist/nest/suite.js || true
  suite "$nest: tells events" run dist/*emitter/events.js || true
  # The oldest Node.js that package.json allows, and newer ones than the suite runs on.
  for version in 20.19.0 22 24; do
    suite "$nest: runs on Node.js $version" on_node "$version" dist/nest/suite.js || true
  done
done

echo '--- core'
if check 'core: installs without Nest' done_behind core; then
  cd "$work/core"
  check 'core: neither Nest nor a driver is installed' only_installed cookie devalue ms nestjs-http-session || true
  suite 'core: runs without Nest' run core/suite.mjs || true
  suite 'core: stores without a driver' run core/stores.mjs || true
  check 'core: a strict consumer compiles without a driver' compiles --typeRoots "$root/node_modules/@types" &&
    suite 'core: memory and tiers without a driver' run dist/core/memory.js || true
fi

echo '--- drivers'
redis-server --port 0 --unixsocket "$work/redis.sock" --save '' >"$work/redis.log" &

# driver NAME ARGUMENT: with the driver NAME, and neither Nest nor another driver.
driver() {
  local name=$1 argument=$2 packages=("$1")
  [ "$name" != kysely ] || packages=(kysely@0.28)
  [ "$name" != cache-manager ] || packages+=(keyv)
  check "$name: installs alone" prepare "$name" alone "$name" core shared -- --omit=peer "$tarball" "${packages[@]}" || return 0
  cd "$work/$name"
  check "$name: no other driver is installed, nor Nest" drivers_are "${packages[@]%@*}" || true
  check "$name: a strict consumer compiles" compiles --typeRoots "$root/node_modules/@types" || return 0
  suite "$name: runs" run "dist/$name/suite.js" "$argument" || true
}

# drivers_are PACKAGE...: sorted; of those that the package knows.
drivers_are() {
  diff <(printf '%s\n' "$@") <(cd node_modules && ls -d @nestjs cache-manager ioredis keyv kysely redis rxjs 2>/dev/null)
}

driver redis "$work/redis.sock"
driver ioredis "$work/redis.sock"
driver kysely "$root/package.json"
driver cache-manager ''
cd "$work/kysely" && suite 'kysely: stores with Kysely' run core/stores.mjs kysely || true

echo '--- nest new'
if check 'nest new: builds with the README in it' done_behind nest-new; then
  cd "$work/nest-new"
  suite 'nest new: does what the README says' run "$root/test/package/nest-new.mjs" || true
fi

finish
