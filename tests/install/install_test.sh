#!/usr/bin/env bash
# install_test.sh CMAKE BUILD SOURCE CXX FLAGS: installs the build tree BUILD of the clone SOURCE
# into a folder of its own, builds a stranger's project against what is there, and runs it on a
# cluster that the installed programs make.
set -euo pipefail
cmake=$1 build=$2 source=$3 cxx=$4 flags=$5

work=$(mktemp -d "${TMPDIR:-/tmp}/rh-install.XXXXXX")
prefix="$work/a prefix"
run="$prefix/bin/roundhouse"
export ROUNDHOUSE_DIR=$work/run XDG_STATE_HOME=$work/state
unset ROUNDHOUSE_BINDIR ROUNDHOUSE_CLUSTER DESTDIR CMAKE_PREFIX_PATH roundhouse_ROOT roundhouse_DIR

finish() {
  local result=$?
  trap - EXIT TERM INT
  [[ ! -x $run ]] || "$run" stop --all >/dev/null 2>&1 || true
  rm -rf "$work"
  exit "$result"
}
trap finish EXIT
trap 'exit 1' TERM INT

fail() {
  printf 'install_test: %s\n' "$*" >&2
  exit 1
}

# quietly NAME COMMAND...: what it says matters only if it fails.
quietly() {
  local log=$work/$1.log
  shift
  "$@" >"$log" 2>&1 || {
    cat "$log" >&2
    fail "failed: $*"
  }
}

quietly install "$cmake" --install "$build" --prefix "$prefix"

for file in bin/roundhouse bin/roundhouse-hub bin/roundhouse-engine include/roundhouse/version.hpp \
  share/man/man1/roundhouse-start.1 share/man/man8/roundhouse-hub.8 share/doc/roundhouse/LICENSE \
  share/doc/roundhouse/config/hub.json share/bash-completion/completions/roundhouse; do
  [[ -s $prefix/$file ]] || fail "$file is not installed"
done
interpreter=libroundhouse-interpreter.so
if [[ -e $build/lib/$interpreter ]]; then
  for file in "$interpreter" roundhouse-interpreter-O{0,2}.pch; do
    [[ -n $(find "$prefix" -path "*/roundhouse/$file") ]] || fail "no $file installed"
  done
fi
for place in "$build" "$source"; do
  if grep -rIlF -- "$place" "$prefix" >"$work/found"; then
    fail "$place is named in $(cat "$work/found")"
  fi
done

# -O0: what is compiled here is to run once.
quietly configure "$cmake" -S "$source/tests/install" -B "$work/build" -G Ninja \
  -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE= \
  -DCMAKE_CXX_FLAGS="$flags -O0" -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF
grep -qF "roundhouse_DIR:PATH=$prefix/" "$work/build/CMakeCache.txt" ||
  fail "another roundhouse than the installed one was found"
quietly build "$cmake" --build "$work/build"

quietly start "$run" start -n 2 --module "$work/build/stranger_tasks.so"
hub=$("$run" --json list | grep -oE '"hub_pid": ?[0-9]+' | grep -oE '[0-9]+')
[[ $(readlink "/proc/$hub/exe") == "$prefix/bin/roundhouse-hub" ]] ||
  fail "the hub that runs is not the installed one"
"$work/build/stranger" >"$work/out" || fail "the stranger's program failed"
[[ $(cat "$work/out") == $'total 10\ntotal 10' ]] || fail "it printed: $(cat "$work/out")"
if [[ -e $build/lib/$interpreter ]]; then
  said=$("$run" exec -e 0 '#include <roundhouse/task.hpp>' '1 + 1') || fail "no source is run"
  [[ $said == 2 ]] || fail "1 + 1 is $said"
fi
quietly stop "$run" stop
[[ $("$run" list) == "no cluster is running"* ]] || fail "stop left something running"
