#!/usr/bin/env bash
# One throw-away CA and the handful of certificates a control plane and one kubelet need. openssl only.
. "$(dirname "$0")/lib.sh"
mkdir -p "$PKI"; cd "$PKI"; umask 077
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1.key" 2>/dev/null; }
[ -s ca.crt ] || { key ca; openssl req -x509 -new -key ca.key -sha256 -days 30 -subj "/CN=quarterdeck-ca" -out ca.crt \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null; }
[ -s front-proxy-ca.crt ] || { key front-proxy-ca; openssl req -x509 -new -key front-proxy-ca.key -sha256 -days 30 -subj "/CN=quarterdeck-front-proxy-ca" \
  -out front-proxy-ca.crt -addext basicConstraints=critical,CA:TRUE 2>/dev/null; }
# cert NAME SUBJECT USAGE [SANs]
cert() {
  key "$1"
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=%s\n%s\n' "$3" "${4:+subjectAltName=$4}" >"$1.ext"
  openssl req -new -key "$1.key" -subj "$2" 2>/dev/null |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -sha256 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}
svc_ip="${QD_SVC_CIDR%.*/*}.1"
cert apiserver "/CN=kube-apiserver" serverAuth \
  "DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,IP:127.0.0.1,IP:$QD_NODE_IP,IP:$svc_ip"
cert apiserver-kubelet "/O=system:masters/CN=kube-apiserver-kubelet-client" clientAuth
cert admin "/O=system:masters/CN=quarterdeck-admin" clientAuth
cert kcm "/CN=system:kube-controller-manager" clientAuth
cert scheduler "/CN=system:kube-scheduler" clientAuth
cert kubelet "/O=system:nodes/CN=system:node:$QD_NODE" clientAuth
cert kubelet-server "/O=system:nodes/CN=system:node:$QD_NODE" serverAuth "DNS:$QD_NODE,IP:$QD_NODE_IP,IP:127.0.0.1"
[ -s sa.key ] || { openssl genrsa -out sa.key 2048 2>/dev/null; openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null; }
kubeconfig() { # FILE USER
  cat >"$QD_STATE/$1.kubeconfig" <<Y
apiVersion: v1
kind: Config
clusters: [{name: quarterdeck, cluster: {server: "https://$QD_NODE_IP:$QD_API_PORT", certificate-authority-data: "$(base64 -w0 ca.crt)"}}]
users: [{name: u, user: {client-certificate-data: "$(base64 -w0 "$2.crt")", client-key-data: "$(base64 -w0 "$2.key")"}}]
contexts: [{name: quarterdeck, context: {cluster: quarterdeck, user: u}}]
current-context: quarterdeck
Y
}
for u in admin kcm scheduler kubelet; do kubeconfig "$u" "$u"; done
