# Settings and small helpers, sourced by the other scripts. Every value can be overridden from the environment.
# QD_CLUSTER_SLOT tells clusters on one machine apart: names, addresses, ports and folders follow from it.
set -euo pipefail
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
QD_SLOT="${QD_CLUSTER_SLOT:-0}"                         # 0: a person's own cluster; tests take others (up to 9)
QD_CACHE="${QUARTERDECK_CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/quarterdeck}"       # made once, kept: programs, images
QD_STATE="${QD_CLUSTER_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/quarterdeck/cluster-$QD_SLOT}"   # gone after down.sh
QD_BIN="${QD_BIN:-$QD_CACHE/kubernetes}"
QD_IMAGES="${QD_IMAGES:-$QD_CACHE/images}"
QD_RUN="${QD_RUN:-/run/qd$QD_SLOT}"                     # sockets: a short path, for AF_UNIX takes 107 bytes
QD_NODE="${QD_NODE:-qd$QD_SLOT}"                        # the node's name, its network namespace and its cgroup
QD_HOST_IP="${QD_HOST_IP:-10.250.$QD_SLOT.1}"           # this machine, as pods see it
QD_NODE_IP="${QD_NODE_IP:-10.250.$QD_SLOT.2}"           # the other end of the pair: API server and kubelet
QD_POD_CIDR="${QD_POD_CIDR:-10.244.$QD_SLOT.0/24}"
QD_SVC_CIDR="${QD_SVC_CIDR:-10.96.0.0/16}"
QD_API_PORT="${QD_API_PORT:-$((6443 + QD_SLOT))}"
QD_ETCD_PORT="${QD_ETCD_PORT:-$((12379 + 10 * QD_SLOT))}"
QD_SNAPSHOTTER="${QD_SNAPSHOTTER:-overlayfs}"
QD_CNI_BIN="${QD_CNI_BIN:-/usr/lib/cni}"                # Debian: containernetworking-plugins
QD_NO_NETPOL="${QD_NO_NETPOL:-}"                        # 1: NetworkPolicies are accepted and not enforced
QD_PAUSE="${QD_PAUSE:-localhost/quarterdeck/pause:1}"
QD_WAIT="${QD_WAIT:-120}"                               # seconds that any wait may take
PKI="$QD_STATE/pki" LOG="$QD_STATE/log" PIDS="$QD_STATE/pid" ADMIN="$QD_STATE/admin.kubeconfig"
CTR="ctr -a $QD_RUN/containerd.sock -n k8s.io"
: "${T0:=$(date +%s%N)}"

say() { printf '[%6.1fs] %s\n' "$((($(date +%s%N) - T0) / 100000000))e-1" "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }
kc() { "$QD_BIN/kubectl" --kubeconfig "$ADMIN" "$@"; }
mode() { cat "$QD_STATE/mode" 2>/dev/null || echo none; }

# start NAME WORDS...: in the background, in a session of its own, with a log and a pid file
start() {
  local name="$1"; shift
  mkdir -p "$LOG" "$PIDS"
  setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null 9>&- &
  echo $! >"$PIDS/$name"
}
alive() { [ -s "$PIDS/$1" ] && kill -0 "$(cat "$PIDS/$1")" 2>/dev/null; }

# stop NAME [SECONDS]: ask, wait, insist; 0 seconds insists at once
stop() {
  local file="$PIDS/$1" pid
  [ -s "$file" ] || return 0
  pid="$(cat "$file")"; rm -f "$file"
  if [ "${2:-3}" != 0 ]; then
    kill "$pid" 2>/dev/null || return 0
    for _ in $(seq "$((${2:-3} * 10))"); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  fi
  kill -9 "$pid" 2>/dev/null || true
}

# until_ok SECONDS WHAT WORDS...
until_ok() {
  local deadline=$(($(date +%s) + $1)) what="$2"; shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$deadline" ] || die "$what is not ready; see $LOG"
    sleep 0.2
  done
  say "$what ready"
}

# The folder of a level is one person's at a time.
alone() {
  mkdir -p "$QD_CACHE"
  exec 9>"$QD_CACHE/cluster-$QD_SLOT.lock"
  flock -w 900 9 || die "another start or stop of this cluster does not end"
}
