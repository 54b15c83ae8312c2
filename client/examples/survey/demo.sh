#!/usr/bin/env bash
# demo.sh [FOLDER]: a cluster of its own from the command line, the program `survey` on it, what the
# hub remembers of it, and everything stopped. Leaves nothing behind, also when it fails. Finds
# the programs in PATH and the module in ../lib beside them (or in RH_DEMO_MODULE).
# demo.sh --check [FOLDER] only says whether it could survey that folder.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: demo [FOLDER]

Starts a hub and four engines, surveys every text file below FOLDER on them (by default the licence
texts of this machine: the files named "copyright" below /usr/share/doc), shows what the hub
remembers of it, and stops it all. Leaves nothing behind.
USAGE
}

die() {
  printf 'demo: %s\n' "$*" >&2
  exit 1
}

check=0
if [[ ${1:-} == --check ]]; then
  check=1
  shift
fi
(($# <= 1)) || die "one folder at most: demo [FOLDER]"
case ${1:-} in
  -h | --help)
    usage
    exit
    ;;
  -*) die "there is no option $1: demo [FOLDER]" ;;
esac
(($# == 0)) || [[ -d $1 ]] || die "$1 is not a folder"
((check == 0)) || exit 0
program=$(command -v roundhouse) || die "roundhouse is not in PATH: run ./dev demo"
module=${RH_DEMO_MODULE:-$(dirname "$program")/../lib/survey_tasks.so}
[[ -f $module ]] || die "there is no module $module: build the target rh_programs"

# Short, because the paths of sockets are; private, so that no other cluster is touched.
private=$(mktemp -d /tmp/rh-demo.XXXXXX)
export ROUNDHOUSE_DIR=$private/run XDG_STATE_HOME=$private/state ROUNDHOUSE_CLUSTER=demo-$$

clean_up() {
  local result=$?
  trap - EXIT
  trap '' INT TERM HUP  # what is half stopped would stay
  if [[ -d $ROUNDHOUSE_DIR/$ROUNDHOUSE_CLUSTER ]]; then
    roundhouse stop >/dev/null 2>&1 || true
  fi
  rm -rf "$private"
  exit "$result"
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

run roundhouse start -n 4 --module "$module"
run survey "$@"
run roundhouse status
run roundhouse history --limit 5
run roundhouse result last
run roundhouse purge --all
run roundhouse stop
