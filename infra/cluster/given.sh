#!/usr/bin/env bash
# Whether somebody gave a cluster in KUBECONFIG: then ours is not needed. Ends non-zero when nothing was given.
. "$(dirname "$0")/lib.sh"
[ -n "${KUBECONFIG:-}" ] && [ "$KUBECONFIG" != "$ADMIN" ] || exit 1
kubectl="$(type -P kubectl || echo "$QD_BIN/kubectl")"
[ -x "$kubectl" ] || { say "KUBECONFIG=$KUBECONFIG is used: nothing to bring up"; exit 0; }
"$kubectl" --request-timeout=10s version >/dev/null || { say "KUBECONFIG=$KUBECONFIG is given, and its cluster does not answer"; exit 0; }
say "KUBECONFIG=$KUBECONFIG is used, and its cluster answers: nothing to bring up"
