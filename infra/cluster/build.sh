#!/usr/bin/env bash
# Builds Kubernetes' own programs and etcd from their Go modules (go/*/go.mod, pinned by go.sum) into $QD_BIN.
#   build.sh helm     Helm, to check and install the chart
# Cold on two cores: about five minutes, 1.1 GB of modules, 3.3 GB of Go's build cache. Afterwards: nothing to do.
. "$(dirname "$0")/lib.sh"
go_version="$(command -v go >/dev/null && go env GOVERSION)" || true
cd "$HERE/go"
stamp="$(cat etcd/go.* kube/go.* | sha256sum | cut -c1-16)" helm_stamp="$(cat helm/go.* | sha256sum | cut -c1-16)"
fresh() { # WHAT: whether it is built already
  case "$1" in
    helm) [ "$(cat "$QD_BIN/.helm" 2>/dev/null)" = "$helm_stamp" ] ;;
    *) [ "$(cut -d' ' -f2 "$QD_BIN/.stamp" 2>/dev/null)" = "$stamp" ] ;;
  esac
}
what="${1:-kubernetes}"
! fresh "$what" || exit 0
[ -n "$go_version" ] || die "no Go on this machine: go/kube/go.mod says which version Kubernetes needs"
export GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=readonly
mkdir -p "$QD_BIN"
exec 8>"$QD_BIN/.lock"
flock 8
! fresh "$what" || exit 0
T0=$(date +%s%N)
LOG="$QD_BIN/build.log"

# Something to see every 20 seconds: a cold build takes minutes.
build() { # PROGRAM FOLDER LDFLAGS PACKAGE
  say "building $1"
  (cd "$HERE/go/$2" && nice go build -trimpath -ldflags "$3" -o "$QD_BIN/$1" "$4") >>"$LOG" 2>&1 &
  local job=$! began=$SECONDS
  while kill -0 "$job" 2>/dev/null; do
    sleep 1
    (((SECONDS - began) % 20 != 19)) || say "  … $1: $(grep -c '^go: downloading' "$LOG" || true) modules fetched"
  done
  wait "$job" || { tail -15 "$LOG" >&2; die "go build of $1"; }
}

: >"$LOG"
if [ "$what" = helm ]; then
  build helm helm "-s -w" helm.sh/helm/v4/cmd/helm
  echo "$helm_stamp" >"$QD_BIN/.helm"
  exit 0
fi
version="$(cd "$HERE/go/kube" && go list -m -f '{{.Version}}' k8s.io/kubernetes)"
minor="${version#v1.}"; minor="${minor%%.*}"
# without these the servers call themselves v0.0.0-master and clients' version checks misfire
flags="-s -w"
for at in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $at.gitVersion=$version -X $at.gitMajor=1 -X $at.gitMinor=$minor -X $at.gitTreeState=clean"
  flags+=" -X $at.gitCommit=unknown -X $at.buildDate=1970-01-01T00:00:00Z"
done
say "Kubernetes $version and etcd, from source with $go_version"
build etcd etcd "-s -w" go.etcd.io/etcd/server/v3
for program in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl; do
  build "$program" kube "$flags" "k8s.io/kubernetes/cmd/$program"
done
echo "$version $stamp $go_version" >"$QD_BIN/.stamp"
say "built into $QD_BIN"
