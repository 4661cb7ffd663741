# What smoke.sh counts and installs with. Sourced; needs $root and $work.

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

# run SCRIPT...: node:test, as `suite` reads it.
run() {
  node --test-reporter=tap "$@"
}

on_node() {
  local version=$1
  shift
  npx --yes --package "node@$version" -- node --test-reporter=tap "$@"
}

# add PACKAGE...: to the project in the current directory.
add() {
  npm install --no-audit --no-fund --ignore-scripts --no-package-lock --prefer-offline "$@"
}

# prepare NAME KIND DIRECTORY... -- PACKAGE...: a project of its own, of this kind, with these directories; all are in consumers/.
prepare() {
  local name=$1 kind=$2 consumers="$root/test/package/consumers"
  shift 2
  cp -R "$consumers/$kind" "$work/$name"
  cd "$work/$name"
  while [ "$1" != -- ]; do
    cp -R "$consumers/$1" .
    shift
  done
  shift
  add "$@"
}

# behind NAME COMMAND...: starts it beside what follows; `done_behind NAME` waits for it, and shows what it says if it fails.
declare -A behind_pid
behind() {
  local name=$1
  shift
  "$@" >"$work/$name.log" 2>&1 </dev/null &
  behind_pid[$name]=$!
}

done_behind() {
  wait "${behind_pid[$1]}" || { cat "$work/$1.log" && return 1; }
}

# only_installed PACKAGE...: sorted.
only_installed() {
  diff <(printf '%s\n' "$@") <(ls node_modules)
}

# compiles OPTION...: the project in the current directory, by the library's own compiler.
compiles() {
  "$root/node_modules/.bin/tsc" -p . "$@"
}
