#!/usr/bin/env bash
# What the cluster takes from Debian, installed when it is missing and we are root: needs.sh api|node
. "$(dirname "$0")/lib.sh"
api="openssl:openssl curl:curl flock:util-linux setsid:util-linux"
node="containerd:containerd runc:runc iptables:iptables nft:nftables ip:iproute2 ipset:ipset conntrack:conntrack
  ethtool:ethtool socat:socat mmdebstrap:mmdebstrap sysctl:procps nsenter:util-linux patchelf:patchelf"
want="$api"
[ "${1:-node}" = api ] || want="$api $node"
missing=()
for pair in $want; do
  PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%:*}" >/dev/null || missing+=("${pair#*:}")
done
[ "${1:-node}" = api ] || [ -x "$QD_CNI_BIN/bridge" ] || missing+=(containernetworking-plugins)
[ "${#missing[@]}" != 0 ] || exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || die "these are missing: ${missing[*]} (Debian's names)"
say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# A service that starts with its package would be a second containerd: ours are started by us.
policy=/usr/sbin/policy-rc.d
[ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; trap 'rm -f "$policy"' EXIT; }
log="$(mktemp)"
{ apt-get -q update && apt-get -qy install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 || { tail -5 "$log" >&2; die "apt-get"; }
rm -f "$log"
