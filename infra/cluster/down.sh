#!/usr/bin/env bash
# Takes down what up.sh made, and nothing else: processes by recorded pid, containers through our own containerd, our
# network namespace, our mounts (they go with their namespace), our cgroups, our folder. Safe to repeat.
#   --keep   leave certificates, logs and loaded images for the next up.sh
. "$(dirname "$0")/lib.sh"
held="" keep=""
for word in "$@"; do case "$word" in --held) held=1 ;; --keep) keep=1 ;; *) die "down.sh [--keep]" ;; esac; done
[ -n "$held" ] || alone

end_containers() {
  [ -S "$QD_RUN/containerd.sock" ] && alive containerd || return 0
  for t in $($CTR tasks ls -q 2>/dev/null); do $CTR tasks kill -s SIGKILL -a "$t" >/dev/null 2>&1 || true; done
  for _ in $(seq 50); do [ -z "$($CTR tasks ls 2>/dev/null | awk '$3=="RUNNING"')" ] && break; sleep 0.1; done
  for t in $($CTR tasks ls -q 2>/dev/null); do $CTR tasks rm -f "$t" >/dev/null 2>&1 || true; done
  for c in $($CTR containers ls -q 2>/dev/null); do $CTR containers rm "$c" >/dev/null 2>&1 || true; done
}

# What outlived our containerd (its shims, a process in a pod of ours) is found in our own cgroup.
end_rest() {
  local c
  for c in /sys/fs/cgroup/*/"$QD_NODE" /sys/fs/cgroup/"$QD_NODE"; do
    [ -d "$c" ] || continue
    for _ in 1 2 3 4 5; do
      find "$c" -name cgroup.procs -exec cat {} + 2>/dev/null | xargs -r kill -9 2>/dev/null || true
      find "$c" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ -d "$c" ] || break
      sleep 0.1
    done
  done
}

for name in kube-proxy kubelet; do stop "$name"; done
end_containers
stop containerd
stop netpol
if [ "$(id -u)" = 0 ] && [ "$(mode)" != api ]; then
  pgrep -f "containerd-shim-runc-v2 .*-address $QD_RUN/containerd.sock" | xargs -r kill -9 2>/dev/null || true
  end_rest
fi
for name in kube-scheduler kube-controller-manager kube-apiserver etcd holder; do stop "$name" 0; done   # state to throw away
[ ! -s "$QD_STATE/etcd-dir" ] || { rm -rf "$(cat "$QD_STATE/etcd-dir")"; rm -f "$QD_STATE/etcd-dir"; }
if [ "$(id -u)" = 0 ] && [ "$(mode)" != api ]; then
  ip link del "$QD_NODE-host" 2>/dev/null || true
  ip netns del "$QD_NODE" 2>/dev/null || true
  rm -rf "$QD_RUN"
fi
rm -rf "$QD_STATE/kubelet" "$QD_STATE/cni-ipam" "$QD_STATE/cni-bin" "$QD_STATE/private" "$QD_STATE/packages" "$QD_STATE/mode" 2>/dev/null || true
[ -n "$keep" ] || rm -rf "$QD_STATE"
say "cluster is down"
