#!/usr/bin/env bash
# One part of a running cluster, for fault tests:
#   part.sh NAME kill|stop|start|pid|pause|go    NAME: kubelet, kube-apiserver, etcd, netpol, kube-scheduler, …
# `kill` is kill -9; `pause` and `go` freeze and thaw the process.
. "$(dirname "$0")/lib.sh"
. "$HERE/parts.sh"
name="${1:?which part}" what="${2:?kill, stop, start, pid, pause or go}"
declare -F "start_$name" >/dev/null || die "there is no part $name"
case "$what" in
  pid) cat "$PIDS/$name" ;;
  kill) stop "$name" 0 ;;
  stop) stop "$name" 5 ;;
  pause) kill -STOP "$(cat "$PIDS/$name")" ;;
  go) kill -CONT "$(cat "$PIDS/$name")" ;;
  start)
    alive "$name" && exit 0
    enter
    "start_$name"
    ;;
  *) die "kill, stop, start, pid, pause or go" ;;
esac
