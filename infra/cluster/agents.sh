#!/usr/bin/env bash
# The agents' namespace of a Quarterdeck that runs on this machine:
#   agents.sh KUBECONFIG NAMESPACE ADDRESS DOORS-PORT GIT-PORT   make it ready: agents reach these two ports and nothing else
#   agents.sh KUBECONFIG NAMESPACE --end SITE                    end the agents of one installation
. "$(dirname "$0")/lib.sh"
config="$1" namespace="$2"; shift 2
kubectl=("$(type -P kubectl || echo "$QD_BIN/kubectl")" --kubeconfig "$config" --request-timeout=20s)
if [ "$1" = --end ]; then
  "${kubectl[@]}" -n "$namespace" delete pods -l "quarterdeck/site=$2" --wait=false --grace-period=5 --ignore-not-found >/dev/null
  exit 0
fi
case "$1" in *:*) width=128 ;; *) width=32 ;; esac
sed -e "s|@NAMESPACE@|$namespace|g; s|@ADDRESS@|$1/$width|g; s|@DOORS@|$2|g; s|@GIT@|$3|g" "$HERE/manifests/agents.yaml" |
  "${kubectl[@]}" apply -f - >/dev/null
