#!/usr/bin/env bash
# Packs the package and uses it as strangers do: a Nest 11 application in CommonJS with the oldest drivers, a Nest 12
# application in ESM with the newest, both on Express and on Fastify, and the core in a project without Nest, which has no
# driver at first, then Kysely. The last line holds the totals.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

root=$PWD
# Where no directory above has a node_modules, which would serve the projects what they didn't install.
for base in "${TMPDIR:-/tmp}" /var/tmp; do [ -e "$base/node_modules" ] || break; done
work=$(mktemp -d "$base/package-XXXXXX")
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

passed=0
failed=0

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

# check NAME COMMAND...: one test. What the command says is shown if it fails.
check() {
  local name=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok: $name"
  else
    failed=$((failed + 1))
    echo "FAILED: $name"
    sed 's/^/    /' "$work/output"
    return 1
  fi
}

# suite NAME COMMAND...: a program of node:test; each of its tests counts.
suite() {
  local name=$1 status=0 pass fail
  shift
  "$@" >"$work/output" 2>&1 || status=$?
  pass=$(sed -n 's/^# pass //p' "$work/output")
  fail=$(awk '/^# (fail|cancelled) / { failed += $3 } END { print failed + 0 }' "$work/output")
  # A program that breaks before its first test, or after its last one, is a failure too.
  if [ "$status" -ne 0 ] && [ "$fail" -eq 0 ]; then fail=1; fi
  passed=$((passed + ${pass:-0}))
  failed=$((failed + fail))
  if [ "$fail" -eq 0 ] && [ "${pass:-0}" -gt 0 ]; then
    echo "ok: $name ($pass tests)"
  else
    echo "FAILED: $name"
    sed 's/^/    /' "$work/output"
    return 1
  fi
}

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
cd "$work/package"
check 'it holds the build and its documents, nothing else' only_what_belongs_in_it || true
check 'every export exists' exports_exist || true
check 'its source maps are complete in themselves' maps_are_complete || true
check 'it names no path of this machine' names_no_path_of_this_machine || true

# add PACKAGE...: to the project in the current directory.
add() {
  npm install --no-audit --no-fund --ignore-scripts --no-package-lock --prefer-offline "$@"
}

# prepare NAME OPTION...: a project of its own with the package installed.
prepare() {
  local name=$1
  shift
  cp -R "$root/test/package/consumers/$name" "$work/$name"
  case $name in nest-*) cp "$root"/test/package/consumers/nest/* "$work/$name" ;; esac
  cd "$work/$name"
  add "$@" "$tarball" >install.log 2>&1
}

on_node() {
  local version=$1
  shift
  npx --yes --package "node@$version" -- node "$@"
}

installed() {
  wait "$1" || { cat "$2/install.log" && return 1; }
}

# only_installed PACKAGE...: sorted.
only_installed() {
  diff <(printf '%s\n' "$@") <(ls node_modules)
}

echo '--- install'
prepare nest-11 & nest_11=$!
prepare nest-12 & nest_12=$!
# An application without Nest leaves the peers out.
prepare core --omit=peer & core=$!

for nest in nest-11 nest-12; do
  echo "--- $nest"
  cd "$work"
  pid=${nest/-/_}
  check "$nest: installs" installed "${!pid}" "$work/$nest" || continue
  cd "$work/$nest"
  check "$nest: a strict consumer compiles" "$root/node_modules/.bin/tsc" -p . || continue
  suite "$nest: runs" node --test-reporter=tap dist/suite.js || true
  # The oldest Node.js that package.json allows, and a newer one than the suite runs on.
  for version in 20.19.0 24; do
    suite "$nest: runs on Node.js $version" on_node "$version" --test-reporter=tap dist/suite.js || true
  done
done

echo '--- core'
cd "$work"
if check 'core: installs without Nest' installed "$core" "$work/core"; then
  cd "$work/core"
  check 'core: neither Nest nor a driver is installed' only_installed cookie devalue ms nestjs-http-session || true
  suite 'core: runs without Nest' node --test-reporter=tap suite.mjs || true
  check 'core: its strict types need no driver' "$root/node_modules/.bin/tsc" -p . --typeRoots "$root/node_modules/@types" || true
  suite 'core: stores without a driver' node --test-reporter=tap stores.mjs || true
  if check 'core: Kysely installs' add --omit=peer kysely@0.28; then
    check 'core: no other driver is installed' only_installed cookie devalue kysely ms nestjs-http-session || true
    suite 'core: stores with Kysely' node --test-reporter=tap stores.mjs kysely || true
  fi
fi

finish
