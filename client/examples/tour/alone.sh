#!/bin/sh
# alone.sh PROGRAM [ARGUMENTS...]: runs it with clusters and records of its own, which are gone
# afterwards. Not in the build folder: paths of sockets must be short.
home=$(mktemp -d) || exit
trap 'rm -rf "$home"' EXIT
ROUNDHOUSE_DIR=$home/run XDG_STATE_HOME=$home/state "$@"
