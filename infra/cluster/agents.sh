#!/usr/bin/env bash
# The agents' namespace of a Quarterdeck that runs on this machine:
#   agents.sh KUBECONFIG NAMESPACE ADDRESS DOORS-PORT GIT-PORT [OUTLET-PORT]
#       make it ready: agents reach the first two ports and nothing else, installs the outlet's too; in a cluster of our own
#       with a volume for the packages, which goes with the cluster
#   agents.sh KUBECONFIG NAMESPACE --end SITE                    end the agents of one installation
. "$(dirname "$0")/lib.sh"
config="$1" namespace="$2"; shift 2
kubectl=("$(type -P kubectl || echo "$QD_BIN/kubectl")" --kubeconfig "$config" --request-timeout=20s)
if [ "$1" = --end ]; then
  "${kubectl[@]}" -n "$namespace" delete pods -l "quarterdeck/site=$2" --wait=false --grace-period=5 --ignore-not-found >/dev/null
  exit 0
fi
case "$1" in *:*) width=128 ;; *) width=32 ;; esac
apply() { # FILE
  sed -e "s|@NAMESPACE@|$namespace|g; s|@ADDRESS@|$here/$width|g; s|@DOORS@|$doors|g; s|@GIT@|$git|g; s|@OUTLET@|$outlet|g" \
    -e "s|@FOLDER@|$QD_STATE/packages|g" "$HERE/manifests/$1.yaml" | "${kubectl[@]}" apply -f - >/dev/null
}
here="$1" doors="$2" git="$3" outlet="${4:-}"
apply agents
[ -n "$outlet" ] || exit 0
apply installs
[ "$config" = "$ADMIN" ] || exit 0
mkdir -p "$QD_STATE/packages"
chown 10001:10001 "$QD_STATE/packages"
apply packages
