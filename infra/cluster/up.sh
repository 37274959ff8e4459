#!/usr/bin/env bash
# A real one-node Kubernetes on one machine: no Docker, no registry, no internet, no systemd.
#   up.sh api    etcd, API server, controllers and scheduler on the loopback: no root needed, no nodes
#   up.sh node   the same with containerd, kubelet, kube-proxy and netpol.py in a network namespace, a mount namespace and
#                a cgroup of their own: real pods; root needed
#   --fresh      begin again even when it is up
#   --make       only make what is missing, start nothing
# What is missing is made first: Debian's packages (as root), Kubernetes' programs, images. Repeating it does nothing.
. "$(dirname "$0")/lib.sh"
. "$HERE/parts.sh"
level="${1:-node}" fresh="${2:-}"
case "$level" in api | node) ;; *) die "up.sh api or up.sh node" ;; esac

prepare() {
  [ "$(uname -s)" = Linux ] || die "a cluster of one's own needs Linux; give KUBECONFIG to use another"
  [ "$level" = api ] || [ "$(id -u)" = 0 ] || die "real pods need root: as root, or 'up.sh api', or give KUBECONFIG to use another"
  "$HERE/needs.sh" "$level"
  "$HERE/build.sh"
  [ "$level" = api ] || "$HERE/../images/build.sh" ${QD_LOAD:-pause agent}
}

is_up() {
  [ "$(mode)" = "$level" ] || return 1
  [ "$level" = node ] || QD_NODE_IP=127.0.0.1
  api_answers >/dev/null 2>&1 || return 1
  [ "$level" = api ] || { node_ready && [ "$(cat "$QD_STATE/netpol" 2>/dev/null)" = "$QD_NO_NETPOL" ]; }
}

# A network namespace with one pair of interfaces: nothing of this machine's own network changes but one end and one route.
make_network() {
  ip netns add "$QD_NODE"
  ip link add "$QD_NODE-host" type veth peer name "$QD_NODE-in" netns "$QD_NODE"
  ip addr add "$QD_HOST_IP/30" dev "$QD_NODE-host"
  ip link set "$QD_NODE-host" up
  ip -n "$QD_NODE" link set lo up
  ip -n "$QD_NODE" addr add "$QD_NODE_IP/30" dev "$QD_NODE-in"
  ip -n "$QD_NODE" link set "$QD_NODE-in" up
  # no way out: what looks for a cloud's metadata or the internet fails at once instead of hanging
  ip -n "$QD_NODE" route add unreachable default
  ip route add "$QD_POD_CIDR" via "$QD_NODE_IP"
}

# A mount namespace, held open by a sleeper. nsenter and not `ip netns exec`, which mounts a fresh /sys and hides the
# cgroups. Fixed paths that kubelet, containerd and CNI plugins write to lead into our state folder.
make_mounts() {
  start holder nsenter --net="/run/netns/$QD_NODE" unshare --mount --propagation private sh -ec '
    for d in var/log/pods var/log/containers var/lib/kubelet var/lib/cni run/containerd; do
      mkdir -p "/$d" "$1/private/$d"; mount --bind "$1/private/$d" "/$d"
    done
    mount -t tmpfs quarterdeck /run/netns
    mount --make-rshared /
    echo ready; exec sleep infinity' sh "$QD_STATE"
  until_ok 5 "namespaces" grep -q ready "$LOG/holder.log"
  enter
  "${IN[@]}" sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
}

# A group of our own: in every v1 controller (cpuset is filled by hand), or the one of v2.
make_cgroup() {
  local c f
  if [ -e /sys/fs/cgroup/cgroup.controllers ]; then mkdir -p "/sys/fs/cgroup/$QD_NODE"; return; fi
  for c in /sys/fs/cgroup/*/; do
    [ -e "$c/cgroup.procs" ] || continue
    case "$c" in */unified/) continue ;; esac
    mkdir -p "$c$QD_NODE"
    for f in cpuset.cpus cpuset.mems; do [ ! -e "$c$f" ] || cat "$c$f" >"$c$QD_NODE/$f"; done
    # v1 weighs a group like one thread of the machine's own: on a busy one all pods together would starve.
    [ ! -e "$c$QD_NODE/cpu.shares" ] || echo $((2048 * $(nproc))) >"$c$QD_NODE/cpu.shares"
  done
}

fill() {
  sed -e "s|@STATE@|$QD_STATE|g; s|@RUN@|$QD_RUN|g; s|@PKI@|$PKI|g; s|@PAUSE@|$QD_PAUSE|g; s|@SNAPSHOTTER@|$QD_SNAPSHOTTER|g" \
    -e "s|@CNI_BIN@|$QD_STATE/cni-bin|g; s|@NODE_IP@|$QD_NODE_IP|g; s|@CGROUP@|$QD_NODE|g; s|@POD_CIDR@|$QD_POD_CIDR|g" "$1"
}

make_files() {
  mkdir -p "$QD_STATE/cni" "$QD_STATE/kubelet" "$QD_STATE/cni-bin"
  : >"$QD_STATE/resolv.conf"
  fill "$HERE/conf/containerd.toml.in" >"$QD_STATE/containerd.toml"
  fill "$HERE/conf/kubelet.yaml.in" >"$QD_STATE/kubelet.yaml"
  fill "$HERE/conf/10-quarterdeck.conflist.in" >"$QD_STATE/cni/10-quarterdeck.conflist"
  ln -sf "$QD_CNI_BIN"/* "$QD_STATE/cni-bin/"                        # containerd looks in one folder only
  ln -sf "$HERE/netpol.py" "$QD_STATE/cni-bin/netpol"
  echo "$QD_NO_NETPOL" >"$QD_STATE/netpol"
  [ -z "$QD_NO_NETPOL" ] ||
    sed -i -e '/"type": "netpol"/d' -e 's/\(portMappings.*}}\),$/\1/' "$QD_STATE/cni/10-quarterdeck.conflist"
}

control_plane() {
  start_etcd
  start_kube-apiserver
  until_ok "$QD_WAIT" "API server" api_answers
  start_kube-controller-manager
  start_kube-scheduler
}

node() {
  [ -n "$QD_NO_NETPOL" ] || { start_netpol; until_ok 20 "network policies" test -S "$QD_RUN/netpol.sock"; }
  start_kubelet
  until_ok "$QD_WAIT" "node" node_ready
  start_kube-proxy
}

prepare
[ "$fresh" != --make ] || exit 0
alone
# shellcheck disable=SC2086
if [ "$fresh" != --fresh ] && is_up; then
  [ "$level" = api ] || "$HERE/load.sh" ${QD_LOAD:-pause agent}
  say "is up already: KUBECONFIG=$ADMIN"
  exit 0
fi
T0=$(date +%s%N)
"$HERE/down.sh" --held --keep >/dev/null 2>&1 || true
mkdir -p "$QD_STATE" "$LOG" "$PIDS"
chmod 700 "$QD_STATE"
rm -f "$LOG"/*.log
echo "$level" >"$QD_STATE/mode"
if [ "$level" = node ]; then mkdir -p "$QD_RUN"; make_network; make_mounts; make_cgroup; else enter; fi
export QD_NODE_IP
"$HERE/certs.sh"
if [ "$level" = node ]; then
  make_files
  start_containerd
  until_ok 30 "containerd" $CTR version
  "$HERE/load.sh" ${QD_LOAD:-pause agent} & loading=$!               # while the control plane starts
fi
control_plane
[ "$level" = api ] || { wait "$loading" || die "an image could not be loaded"; node; }
until_ok "$QD_WAIT" "accounts" kc -n default get serviceaccount default
say "cluster is up: KUBECONFIG=$ADMIN"
