#!/usr/bin/env bash
# Proves the cluster does what the platform needs of it. Ends non-zero at the first thing that is not so.
. "$(dirname "$0")/lib.sh"
KC="$QD_BIN/kubectl --kubeconfig $ADMIN"
sed "s|@HOST_IP@|$QD_HOST_IP|" "$HERE/manifests/smoke.yaml" | $KC apply -f - >/dev/null
clean() { $KC delete namespace smoke smoke-free --ignore-not-found --wait=false >/dev/null 2>&1 || true; $KC delete priorityclass smoke-interactive smoke-warm --ignore-not-found >/dev/null 2>&1 || true; rm -f "$QD_STATE/early"; }
trap clean EXIT
until_ok 20 "service account" $KC -n smoke get serviceaccount agent
cat <<Y | $KC apply -f - >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: smoke, namespace: smoke, labels: {app: agent}}
spec:
  restartPolicy: Never
  serviceAccountName: agent
  automountServiceAccountToken: false
  enableServiceLinks: false
  priorityClassName: smoke-interactive
  dnsPolicy: Default
  terminationGracePeriodSeconds: 5
  securityContext: {runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001, fsGroup: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: agent
    image: localhost/quarterdeck/agent:dev
    imagePullPolicy: Never
    command: ["/opt/deckhand/bin/catatonit", "--", "/opt/deckhand/bin/python", "-c", "import httpx, pydantic, time, os; print('agent up', os.getuid(), pydantic.VERSION, flush=True); time.sleep(600)"]
    resources: {requests: {cpu: 10m, memory: 32Mi}, limits: {cpu: "1", memory: 256Mi}}
    securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
    volumeMounts: [{name: ws, mountPath: /work}]
  volumes: [{name: ws, emptyDir: {sizeLimit: 1Gi}}]
Y
until_ok 60 "pod running" sh -c "$KC -n smoke get pod smoke -o jsonpath='{.status.phase}' | grep -q Running"
until_ok 10 "log" sh -c "$KC -n smoke logs smoke | grep -q 'agent up 10001'"
$KC -n smoke exec smoke -- sh -c 'touch /work/x && ! touch /x 2>/dev/null && git --version >/dev/null && grep -q "CapEff:.0000000000000000" /proc/self/status' || die "exec / read-only root / no capabilities"
say "exec, read-only root, no capabilities"
who="--as=system:serviceaccount:smoke:platform"
[ "$($KC $who auth can-i create pods -n smoke)" = yes ] && [ "$($KC $who auth can-i create pods -n default 2>/dev/null || true)" = no ] || die rbac
say "rbac"
$KC -n smoke run bad --image=x --privileged >/dev/null 2>&1 && die "PodSecurity let a privileged pod in"
say "pod security"
if alive netpol; then
  python3 - "$QD_HOST_IP" "$QD_STATE/early" <<'P' &
import http.server, socket, sys, threading, time
def datagrams():
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind((sys.argv[1], 18081))
    with open(sys.argv[2], "wb", 0) as out:
        while True: out.write(u.recv(99) + b"\n")
threading.Thread(target=datagrams, daemon=True).start()
for p in (18080, 18081): threading.Thread(target=http.server.ThreadingHTTPServer((sys.argv[1], p), http.server.SimpleHTTPRequestHandler).serve_forever, daemon=True).start()
time.sleep(120)
P
  sp=$!; trap 'kill $sp 2>/dev/null || true; clean' EXIT
  # two more pods that listen on 8080: one beside smoke, one where no policy is
  $KC create namespace smoke-free --dry-run=client -o yaml | $KC apply -f - >/dev/null
  until_ok 20 "service account" $KC -n smoke-free get serviceaccount default
  listener() { # NAMESPACE NAME
    cat <<Y | $KC apply -f - >/dev/null
apiVersion: v1
kind: Pod
metadata: {name: $2, namespace: $1, labels: {app: $2}}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  dnsPolicy: Default
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 10001, seccompProfile: {type: RuntimeDefault}}
  containers:
  - name: c
    image: localhost/quarterdeck/agent:dev
    imagePullPolicy: Never
    command: ["/usr/bin/python3", "-S", "-c", "import os, socket; u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
      [u.sendto(b'$2', ('$QD_HOST_IP', 18081)) for _ in range(1000)]; os.execv('/usr/bin/python3', 'python3 -m http.server 8080 --directory /tmp'.split())"]
    securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
Y
    until_ok 60 "pod $2" sh -c "$KC -n $1 get pod $2 -o jsonpath='{.status.phase}' | grep -q Running"
  }
  listener smoke peer; listener smoke-free free
  podip() { $KC -n "$1" get pod "$2" -o jsonpath='{.status.podIP}'; }
  peer="$(podip smoke peer)"; free="$(podip smoke-free free)"; svc="${QD_SVC_CIDR%.*/*}.1"
  probe='import socket, sys, concurrent.futures as f
def t(a):
    try: socket.create_connection(a.rsplit(":", 1), 1.5); return a
    except OSError: return ""
print(*filter(None, f.ThreadPoolExecutor(20).map(t, sys.argv[1:])))'
  api="$QD_NODE_IP:$QD_API_PORT $svc:443"; kubelet="$QD_NODE_IP:10250"      # the API server's two addresses; a port of the node
  reach() { $KC -n "$1" exec "$2" -- python3 -c "$probe" $QD_HOST_IP:18080 $QD_HOST_IP:18081 "$peer:8080" "$free:8080" $api $kubelet; }
  same() { [ "$2" = "$3" ] || die "NetworkPolicy: $1 reaches '$2', expected '$3'"; say "$1 reaches: $2"; }
  until_ok 10 "listeners" sh -c "$KC -n smoke-free exec free -- python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8080), 1)' && $KC -n smoke exec peer -- python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", 8080), 1)'"
  same "a pod under policy" "$(reach smoke smoke)" "$QD_HOST_IP:18080"
  # the same question where no policy is: all of them do answer (but for peer, whose own policy lets nothing in)
  same "a pod without policy" "$(reach smoke-free free)" "$QD_HOST_IP:18080 $QD_HOST_IP:18081 $free:8080 $api $kubelet"
  same "the platform" "$(python3 -c "$probe" "$peer:8080" "$free:8080")" "$free:8080"
  # 1000 datagrams from each pod's first instruction on: none arrives from where they may not, most do from where they may
  early="$(sort "$QD_STATE/early" | uniq -c | awk '{print $2 "=" $1}')"
  case "$early" in free=[1-9]??*) say "first moment: $early of 1000, peer=0" ;; *) die "NetworkPolicy: first moment: '$early'" ;; esac
  # a change holds within 2 s
  one="import socket; socket.create_connection(('$QD_HOST_IP', 18081), 0.4)"
  shut() { ! $KC -n smoke exec smoke -- python3 -c "$one"; }
  $KC -n smoke create -f - >/dev/null <<Y
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: more}, spec: {podSelector: {matchLabels: {app: agent}}, policyTypes: [Egress],
 egress: [{to: [{ipBlock: {cidr: $QD_HOST_IP/32}}], ports: [{port: 18081}]}]}}
Y
  until_ok 2 "policy added, port open" $KC -n smoke exec smoke -- python3 -c "$one"
  $KC -n smoke delete networkpolicy more >/dev/null
  until_ok 2 "policy removed, port shut" shut
  $KC -n smoke delete pod peer --wait=false >/dev/null; $KC -n smoke-free delete pod free --wait --timeout=60s >/dev/null
  kill "$sp" 2>/dev/null || true
  say "network policy enforced"
else say "network policy: NOT enforced (QD_NO_NETPOL)"; fi
$KC -n smoke delete pod smoke peer --ignore-not-found --wait --timeout=60s >/dev/null
say "smoke: all well"
