# The parts of a cluster, one function each: sourced by up.sh, and by part.sh to stop or start one of them alone.

# IN: the words that run something where the cluster lives. Empty on the `api` level.
IN=()
enter() {
  if [ "$(mode)" = api ]; then QD_NODE_IP=127.0.0.1; return; fi
  IN=(nsenter -t "$(cat "$PIDS/holder")" -m -n --)
}

start_etcd() {
  local peer=$((QD_ETCD_PORT + 1))
  [ -s "$QD_STATE/etcd-dir" ] || etcd_folder >"$QD_STATE/etcd-dir"
  start etcd ${IN[@]+"${IN[@]}"} "$QD_BIN/etcd" --name quarterdeck --data-dir "$(cat "$QD_STATE/etcd-dir")" \
    --listen-client-urls "http://127.0.0.1:$QD_ETCD_PORT" --advertise-client-urls "http://127.0.0.1:$QD_ETCD_PORT" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "quarterdeck=http://127.0.0.1:$peer"
}
etcd_folder() { # memory where there is some: nothing in it outlives the cluster
  if [ -d /dev/shm ] && [ -w /dev/shm ]; then mktemp -d "/dev/shm/qd$QD_SLOT-etcd.XXXXXX"; else echo "$QD_STATE/etcd"; fi
}

start_kube-apiserver() {
  local words=(--etcd-servers="http://127.0.0.1:$QD_ETCD_PORT" --secure-port="$QD_API_PORT"
    --bind-address="$QD_NODE_IP" --advertise-address="$QD_NODE_IP"
    --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt"
    --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key"
    --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP
    --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key"
    --service-account-issuer=https://kubernetes.default.svc.cluster.local
    --service-cluster-ip-range="$QD_SVC_CIDR" --authorization-mode=Node,RBAC --allow-privileged=true
    --enable-admission-plugins=NodeRestriction --profiling=false
    --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group
    --requestheader-username-headers=X-Remote-User
    --default-not-ready-toleration-seconds="${QD_TOLERATION:-5}"
    --default-unreachable-toleration-seconds="${QD_TOLERATION:-5}")
  [ "$(mode)" = node ] || words+=(--endpoint-reconciler-type=none)        # a loopback address is no endpoint
  start kube-apiserver ${IN[@]+"${IN[@]}"} "$QD_BIN/kube-apiserver" "${words[@]}"
}
api_answers() {
  curl -sf -m 5 --cacert "$PKI/ca.crt" --cert "$PKI/admin.crt" --key "$PKI/admin.key" "https://$QD_NODE_IP:$QD_API_PORT/readyz"
}

start_kube-controller-manager() { # without nodeipam: the one node's range stands in the CNI file, and it sleeps 10 s first
  local me="$QD_STATE/kcm.kubeconfig"
  start kube-controller-manager ${IN[@]+"${IN[@]}"} "$QD_BIN/kube-controller-manager" \
    --kubeconfig="$me" --authentication-kubeconfig="$me" --authorization-kubeconfig="$me" \
    --service-account-private-key-file="$PKI/sa.key" --root-ca-file="$PKI/ca.crt" --use-service-account-credentials=true \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --allocate-node-cidrs=false '--controllers=*,-nodeipam' --service-cluster-ip-range="$QD_SVC_CIDR" \
    --leader-elect=false --bind-address=127.0.0.1 --secure-port="$((10257 + 10 * QD_SLOT))" \
    --node-monitor-period=1s --node-monitor-grace-period="${QD_NODE_GRACE:-12s}"
}

start_kube-scheduler() {
  local me="$QD_STATE/scheduler.kubeconfig"
  start kube-scheduler ${IN[@]+"${IN[@]}"} "$QD_BIN/kube-scheduler" --kubeconfig="$me" --authentication-kubeconfig="$me" \
    --authorization-kubeconfig="$me" --leader-elect=false --bind-address=127.0.0.1 --secure-port="$((10259 + 10 * QD_SLOT))"
}

start_containerd() { start containerd "${IN[@]}" containerd --config "$QD_STATE/containerd.toml" --log-level warn; }

start_netpol() { # before the kubelet: without it no pod gets a network
  start netpol "${IN[@]}" "$HERE/netpol.py" "https://$QD_NODE_IP:$QD_API_PORT" "$PKI" "$QD_RUN/netpol.sock" "$QD_POD_CIDR"
}

start_kubelet() {
  start kubelet "${IN[@]}" "$QD_BIN/kubelet" --config="$QD_STATE/kubelet.yaml" --kubeconfig="$QD_STATE/kubelet.kubeconfig" \
    --hostname-override="$QD_NODE" --node-ip="$QD_NODE_IP" --root-dir="$QD_STATE/kubelet" --cert-dir="$PKI" --v=2
}
node_ready() {
  [ "$(kc get node "$QD_NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

start_kube-proxy() {
  start kube-proxy "${IN[@]}" "$QD_BIN/kube-proxy" --kubeconfig="$ADMIN" --hostname-override="$QD_NODE" \
    --proxy-mode=iptables --cluster-cidr="$QD_POD_CIDR" --bind-address=127.0.0.1 --conntrack-max-per-core=0
}
