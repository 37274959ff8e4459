#!/usr/bin/python3 -ISs
"""NetworkPolicy for a one-node test cluster: one file, standard library and the `nft` command.

Two programs in one, told apart by CNI_COMMAND:
  daemon      `netpol.py API-URL PKI-DIR SOCKET POD-CIDR`: watches pods, namespaces and NetworkPolicies, writes nftables
              rules into its own table (inet quarterdeck), every change in one transaction
  CNI plugin  last in the conflist: tells the daemon of the new pod and answers only when its rules are in the kernel,
              before any process of the pod exists. No daemon, no pod.

An address of POD-CIDR nobody told us about is dropped both ways. When the daemon dies or nft refuses, the last rules stand:
no pod is opened and no new one starts, but a policy made in the meantime does not hold yet.
All of networking.k8s.io/v1 NetworkPolicy for IPv4: selectors, ipBlock with except, ports, port ranges, named ports. As with
other makers: what the node itself sends to a pod is let in, and a connection outlives the policy that allowed it.
Not here: more nodes than one; a pod with NET_RAW may pretend to be another pod.
"""

import json
import os
import socket
import sys

TABLE = "inet quarterdeck"


def plugin():
    conf, cmd = json.load(sys.stdin), os.environ["CNI_COMMAND"]
    if cmd == "VERSION":
        return print(json.dumps({"cniVersion": "1.0.0", "supportedVersions": ["0.4.0", "1.0.0"]}))
    prev = conf.get("prevResult") or {}
    args = dict(a.split("=", 1) for a in os.environ.get("CNI_ARGS", "").split(";") if "=" in a)
    msg = {
        "cmd": cmd,
        "id": os.environ["CNI_CONTAINERID"],
        "ns": args.get("K8S_POD_NAMESPACE"),
        "name": args.get("K8S_POD_NAME"),
        "uid": args.get("K8S_POD_UID"),
        "ip": [i["address"].split("/")[0] for i in prev.get("ips", []) if ":" not in i["address"]],
    }
    try:
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(20)
        s.connect(conf["socket"])
        s.sendall(json.dumps(msg).encode() + b"\n")
        answer = s.makefile().read().strip()
    except OSError as e:
        answer = f"netpol daemon: {e}"
    if cmd == "ADD":
        if answer != "ok":
            print(json.dumps({"cniVersion": conf["cniVersion"], "code": 11, "msg": answer}))  # 11: try again later
            sys.exit(1)
        print(json.dumps(prev))


def matches(selector, labels):
    return all(labels.get(k) == v for k, v in (selector.get("matchLabels") or {}).items()) and all(
        {
            "In": labels.get(e["key"]) in (e.get("values") or ()),
            "NotIn": labels.get(e["key"]) not in (e.get("values") or ()),
            "Exists": e["key"] in labels,
            "DoesNotExist": e["key"] not in labels,
        }[e["operator"]]
        for e in selector.get("matchExpressions") or []
    )


def labels(o):
    return o["metadata"].get("labels") or {}


def braces(items):
    return "{ " + ", ".join(sorted(items)) + " }"


def peer(p, own, side, pods, namespaces):
    """One element of from/to of a policy in namespace `own` -> a match, or None where nothing can match."""
    if b := p.get("ipBlock"):
        out = f" {side} != {braces(b['except'])}" if b.get("except") else ""
        return None if ":" in b["cidr"] else f"{side} {b['cidr']}{out}"
    chosen = p.get("namespaceSelector")
    ns = [own] if chosen is None else [n for n, o in namespaces.items() if matches(chosen, labels(o))]
    ips = [
        ip
        for ip, o in pods.items()
        if o["metadata"]["namespace"] in ns and matches(p.get("podSelector") or {}, labels(o))
    ]
    return f"{side} {braces(ips)}" if ips else None


def ports(p, pods):
    """One element of ports -> matches."""
    proto, port = p.get("protocol", "TCP"), p.get("port")
    if port is None:
        return [f"meta l4proto {proto.lower()}"]
    if isinstance(port, int):
        return [f"{proto.lower()} dport {port}" + (f"-{p['endPort']}" if p.get("endPort") else "")]
    return [
        f"ip daddr {ip} {proto.lower()} dport {c['containerPort']}"
        for ip, o in sorted(pods.items())  # a name: whatever each pod calls so
        for k in o["spec"]["containers"]
        for c in k.get("ports") or []
        if c.get("name") == port and c.get("protocol", "TCP") == proto
    ]


def accepted(rule, key, own, side, pods, namespaces):
    """One ingress or egress rule -> lines that accept."""
    sides = [peer(p, own, side, pods, namespaces) for p in rule[key]] if rule.get(key) else [""]
    matched = [b for p in rule["ports"] for b in ports(p, pods)] if rule.get("ports") else None
    for a in (a for a in sides if a is not None):
        yield from [f"  {a} accept"] if matched is None else [f"  {a} {b} accept" for b in matched]


def chosen_by(pod, policies, way):
    """The numbers of the policies that hold for this pod in this direction."""
    return tuple(
        n
        for n, pol in enumerate(policies)
        if way in pol["spec"]["policyTypes"]
        and pol["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and matches(pol["spec"].get("podSelector") or {}, labels(pod))
    )


def direction(way, mine, theirs, key, cidr, pods, namespaces, policies):
    """The chains of Egress or Ingress: one for each policy, one for each set of policies, and one that sends pods there."""
    for n, pol in enumerate(policies):
        if way not in pol["spec"]["policyTypes"]:
            continue
        own = pol["metadata"]["namespace"]
        yield f" chain {way}_policy_{n} {{  # {own}/{pol['metadata']['name']}"
        for rule in pol["spec"].get(way.lower()) or []:
            yield from accepted(rule, key, own, theirs, pods, namespaces)
        yield " }"
    sets, verdicts = {}, []  # pods with the same policies share a chain
    for ip, o in sorted(pods.items()):
        which = chosen_by(o, policies, way)
        verdicts.append(f"{ip} : " + (f"goto {way}_{sets.setdefault(which, len(sets))}" if which else "accept"))
    for which, c in sets.items():
        yield f" chain {way}_{c} {{ " + "; ".join(f"jump {way}_policy_{n}" for n in which) + "; drop; }"
    yield from (f" chain {way} {{", "  iif lo accept", "  ct state established,related accept")
    if verdicts:
        yield f"  {mine} vmap {braces(verdicts)}"
    # what is left: addresses not announced (yet), made up ones, IPv6 (every pod has a link-local address)
    yield from (f"  {mine} {cidr} drop", f'  {"iifname" if way == "Egress" else "oifname"} "cni*" drop', " }")


def render(cidr, pods, namespaces, policies):
    """The whole table. pods: address -> Pod; namespaces: name -> Namespace; policies: list of NetworkPolicy."""
    out = [f"table {TABLE} {{"]
    out += direction("Egress", "ip saddr", "ip daddr", "to", cidr, pods, namespaces, policies)
    out += direction("Ingress", "ip daddr", "ip saddr", "from", cidr, pods, namespaces, policies)
    # accept ends only its own base chain: what egress accepts goes on to ingress
    out += [
        " chain e_fwd { type filter hook forward priority -20; jump Egress; }",
        " chain e_in { type filter hook input priority -20; jump Egress; }",
        " chain i_fwd { type filter hook forward priority -19; jump Ingress; }",
        "}",
    ]
    return "\n".join(out) + "\n"


def name_of(o):
    return o["metadata"].get("namespace", ""), o["metadata"]["name"]


class Daemon:
    """`store` is what the API server said, by kind and name; `told` what the CNI plugin said, by container."""

    PATHS = {
        "pods": "/api/v1/pods",
        "namespaces": "/api/v1/namespaces",
        "policies": "/apis/networking.k8s.io/v1/networkpolicies",
    }

    def __init__(self, url, pki, cidr):
        import ssl
        import threading

        self.host, self.cidr = url.split("//")[1], cidr
        self.tls = ssl.create_default_context(cafile=f"{pki}/ca.crt")
        self.tls.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")
        self.lock, self.store, self.told, self.last = threading.RLock(), {}, {}, ""

    def get(self, path, timeout=10):
        import http.client

        c = http.client.HTTPSConnection(self.host, context=self.tls, timeout=timeout)
        c.request("GET", path)
        r = c.getresponse()
        if r.status != 200:
            raise OSError(f"{path}: {r.status} {r.read(300)!r}")
        return r

    def put(self, kind, o):  # the newer one stays (versions of one resource can be compared)
        old = self.store[kind].get(name_of(o))
        if not old or int(old["metadata"]["resourceVersion"]) <= int(o["metadata"]["resourceVersion"]):
            self.store[kind][name_of(o)] = o

    def load(self, kind):
        d = json.load(self.get(self.PATHS[kind]))
        with self.lock:
            self.store[kind] = {name_of(o): o for o in d["items"]}
        return d["metadata"]["resourceVersion"]

    def pods(self):
        """Address -> Pod, of those that live in the pods' network."""
        found = {
            o["status"]["podIP"]: o
            for o in self.store["pods"].values()
            if not o["spec"].get("hostNetwork")
            and o["status"].get("podIP")
            and o["status"].get("phase") not in ("Succeeded", "Failed")
        }
        for m in self.told.values():  # what the CNI plugin says is newer than any status
            o = self.store["pods"].get((m["ns"], m["name"]))
            for ip in m["ip"]:
                found.pop(ip, None)
                if o and m["uid"] in (None, o["metadata"]["uid"]):
                    found[ip] = o
        return found

    def apply(self, why):
        import subprocess
        import time

        with self.lock:
            pods, policies = self.pods(), [o for _, o in sorted(self.store["policies"].items())]
            text = render(self.cidr, pods, {n: o for (_, n), o in self.store["namespaces"].items()}, policies)
            if text == self.last:
                return
            t = time.monotonic()
            rules = f"table {TABLE} {{}}\ndelete table {TABLE}\n{text}"
            r = subprocess.run(["nft", "-f", "-"], input=rules, text=True, stderr=subprocess.PIPE)
            if r.returncode:
                raise OSError(f"nft: {r.stderr[:600]}")
            self.last = text
            log(f"{why}: {len(pods)} pods, {len(policies)} policies, nft {1000 * (time.monotonic() - t):.0f} ms")

    def follow(self, kind, version):
        import time

        while True:
            try:
                version = version or self.load(kind)
                self.apply(kind)
                self.watch(kind, version)
            except Exception as e:  # noqa: BLE001 — whatever it was, the list is asked for again
                log(kind, "watch:", repr(e))
                time.sleep(0.5)
            version = None

    def watch(self, kind, version):
        for line in self.get(f"{self.PATHS[kind]}?watch=1&timeoutSeconds=240&resourceVersion={version}", 300):
            e = json.loads(line)
            if e["type"] not in ("ADDED", "MODIFIED", "DELETED"):
                return  # too old, or an error: list again
            with self.lock:
                if e["type"] == "DELETED":
                    self.store[kind].pop(name_of(e["object"]), None)
                else:
                    self.put(kind, e["object"])
                self.apply(kind)

    def added(self, m):
        """A new pod. Asked now: the watch may be behind the kubelet, or behind a policy made just before the pod."""
        pod = json.load(self.get(f"/api/v1/namespaces/{m['ns']}/pods/{m['name']}"))
        fresh = json.load(self.get(self.PATHS["policies"].replace("/networkp", f"/namespaces/{m['ns']}/networkp")))
        with self.lock:
            self.put("pods", pod)
            for o in fresh["items"]:
                self.put("policies", o)
            self.told[m["id"]] = m
            self.apply(f"{m['ns']}/{m['name']} {m['ip']}")

    def serve(self, c):
        try:
            m = json.loads(c.makefile().readline())
            if m["cmd"] == "ADD":
                self.added(m)
            elif m["cmd"] == "DEL":
                with self.lock:
                    if self.told.pop(m["id"], None):
                        self.apply(f"{m['ns']}/{m['name']} gone")
            c.sendall(b"ok\n")
        except Exception as e:  # noqa: BLE001 — the plugin hears it, and the pod does not start
            log("cni:", repr(e))
            c.sendall(f"{e!r}\n".encode())
        finally:
            c.close()


def log(*a):
    import time

    print(time.strftime("%H:%M:%S"), *a, flush=True)


def daemon(url, pki, sock, cidr):
    import threading

    one = Daemon(url, pki, cidr)
    versions = {k: one.load(k) for k in one.PATHS}  # all three before the first rule: half the truth would be too open
    one.apply("start")
    for k, v in versions.items():
        threading.Thread(target=one.follow, args=(k, v), daemon=True).start()
    if os.path.exists(sock):
        os.unlink(sock)
    s = socket.socket(socket.AF_UNIX)
    s.bind(sock)
    os.chmod(sock, 0o600)
    s.listen(64)
    while True:
        threading.Thread(target=one.serve, args=(s.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    plugin() if "CNI_COMMAND" in os.environ else daemon(*sys.argv[1:])
