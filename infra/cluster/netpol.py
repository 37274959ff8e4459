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


def render(cidr, pods, namespaces, policies):
    """The whole table. pods: address -> Pod; namespaces: name -> Namespace; policies: list of NetworkPolicy."""

    def peer(p, own, side):  # one element of from/to -> a match, or None where nothing can match
        if b := p.get("ipBlock"):
            out = f" {side} != {braces(b['except'])}" if b.get("except") else ""
            return None if ":" in b["cidr"] else f"{side} {b['cidr']}{out}"
        ns = (
            [own]
            if p.get("namespaceSelector") is None
            else [n for n, o in namespaces.items() if matches(p["namespaceSelector"], labels(o))]
        )
        ips = [
            ip
            for ip, o in pods.items()
            if o["metadata"]["namespace"] in ns and matches(p.get("podSelector") or {}, labels(o))
        ]
        return f"{side} {braces(ips)}" if ips else None

    def ports(p):  # one element of ports -> matches
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

    out = [f"table {TABLE} {{"]
    for way, mine, theirs, key in (
        ("Egress", "ip saddr", "ip daddr", "to"),
        ("Ingress", "ip daddr", "ip saddr", "from"),
    ):
        chosen, verdicts = {}, []  # pods with the same policies share a chain
        for n, pol in enumerate(policies):
            if way not in pol["spec"]["policyTypes"]:
                continue
            out.append(f" chain {way}_policy_{n} {{  # {pol['metadata']['namespace']}/{pol['metadata']['name']}")
            for rule in pol["spec"].get(way.lower()) or []:
                sides = (
                    [peer(p, pol["metadata"]["namespace"], theirs) for p in rule.get(key) or []]
                    if rule.get(key)
                    else [""]
                )
                for a in (a for a in sides if a is not None):
                    out += (
                        [f"  {a} {b} accept" for p in rule["ports"] for b in ports(p)]
                        if rule.get("ports")
                        else [f"  {a} accept"]
                    )
            out.append(" }")
        for ip, o in sorted(pods.items()):
            which = tuple(
                n
                for n, pol in enumerate(policies)
                if way in pol["spec"]["policyTypes"]
                and pol["metadata"]["namespace"] == o["metadata"]["namespace"]
                and matches(pol["spec"].get("podSelector") or {}, labels(o))
            )
            verdicts.append(f"{ip} : " + (f"goto {way}_{chosen.setdefault(which, len(chosen))}" if which else "accept"))
        for which, c in chosen.items():
            out.append(f" chain {way}_{c} {{ " + "; ".join(f"jump {way}_policy_{n}" for n in which) + "; drop; }")
        out += [f" chain {way} {{", "  iif lo accept", "  ct state established,related accept"]
        out += [f"  {mine} vmap {braces(verdicts)}"] if verdicts else []
        # what is left: addresses not announced (yet), made up ones, IPv6 (every pod has a link-local address)
        out += [f"  {mine} {cidr} drop", f'  {"iifname" if way == "Egress" else "oifname"} "cni*" drop', " }"]
    # accept ends only its own base chain: what egress accepts goes on to ingress
    out += [
        " chain e_fwd { type filter hook forward priority -20; jump Egress; }",
        " chain e_in { type filter hook input priority -20; jump Egress; }",
        " chain i_fwd { type filter hook forward priority -19; jump Ingress; }",
        "}",
    ]
    return "\n".join(out) + "\n"


def daemon(url, pki, sock, cidr):
    import http.client
    import ssl
    import subprocess
    import threading
    import time

    tls = ssl.create_default_context(cafile=f"{pki}/ca.crt")
    tls.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")
    lock, store, told, last = threading.RLock(), {}, {}, [""]
    PATHS = {
        "pods": "/api/v1/pods",
        "namespaces": "/api/v1/namespaces",
        "policies": "/apis/networking.k8s.io/v1/networkpolicies",
    }

    def log(*a):
        print(time.strftime("%H:%M:%S"), *a, flush=True)

    def get(path, timeout=10):
        c = http.client.HTTPSConnection(url.split("//")[1], context=tls, timeout=timeout)
        c.request("GET", path)
        r = c.getresponse()
        if r.status != 200:
            raise OSError(f"{path}: {r.status} {r.read(300)!r}")
        return r

    def key(o):
        return o["metadata"].get("namespace", ""), o["metadata"]["name"]

    def put(kind, o):  # the newer one stays (versions of one resource can be compared)
        old = store[kind].get(key(o))
        if not old or int(old["metadata"]["resourceVersion"]) <= int(o["metadata"]["resourceVersion"]):
            store[kind][key(o)] = o

    def load(kind):
        d = json.load(get(PATHS[kind]))
        with lock:
            store[kind] = {key(o): o for o in d["items"]}
        return d["metadata"]["resourceVersion"]

    def apply(why):
        with lock:
            pods = {
                o["status"]["podIP"]: o
                for o in store["pods"].values()
                if not o["spec"].get("hostNetwork")
                and o["status"].get("podIP")
                and o["status"].get("phase") not in ("Succeeded", "Failed")
            }
            for m in told.values():  # what the CNI plugin says is newer than any status
                o = store["pods"].get((m["ns"], m["name"]))
                for ip in m["ip"]:
                    pods.pop(ip, None)
                    if o and m["uid"] in (None, o["metadata"]["uid"]):
                        pods[ip] = o
            text = render(
                cidr,
                pods,
                {n: o for (_, n), o in store["namespaces"].items()},
                [o for _, o in sorted(store["policies"].items())],
            )
            if text == last[0]:
                return
            t = time.monotonic()
            r = subprocess.run(
                ["nft", "-f", "-"],
                input=f"table {TABLE} {{}}\ndelete table {TABLE}\n{text}",
                text=True,
                stderr=subprocess.PIPE,
            )
            if r.returncode:
                raise OSError(f"nft: {r.stderr[:600]}")
            last[0] = text
            log(
                f"{why}: {len(pods)} pods, {len(store['policies'])} policies, nft {1000 * (time.monotonic() - t):.0f} ms"
            )

    def follow(kind, version):
        while True:
            try:
                version = version or load(kind)
                apply(kind)
                for line in get(f"{PATHS[kind]}?watch=1&timeoutSeconds=240&resourceVersion={version}", 300):
                    e = json.loads(line)
                    if e["type"] not in ("ADDED", "MODIFIED", "DELETED"):
                        break  # too old, or an error: list again
                    with lock:
                        store[kind].pop(key(e["object"]), None) if e["type"] == "DELETED" else put(kind, e["object"])
                        apply(kind)
            except Exception as e:  # noqa: BLE001 — whatever it was, the list is asked for again
                log(kind, "watch:", repr(e))
                time.sleep(0.5)
            version = None

    def serve(c):
        try:
            m = json.loads(c.makefile().readline())
            if m["cmd"] == "ADD":
                # ask now: the watch may be behind the kubelet, or behind a policy made just before the pod
                pod = json.load(get(f"/api/v1/namespaces/{m['ns']}/pods/{m['name']}"))
                fresh = json.load(get(PATHS["policies"].replace("/networkp", f"/namespaces/{m['ns']}/networkp")))[
                    "items"
                ]
                with lock:
                    put("pods", pod)
                    for o in fresh:
                        put("policies", o)
                    told[m["id"]] = m
                    apply(f"{m['ns']}/{m['name']} {m['ip']}")
            elif m["cmd"] == "DEL":
                with lock:
                    if told.pop(m["id"], None):
                        apply(f"{m['ns']}/{m['name']} gone")
            c.sendall(b"ok\n")
        except Exception as e:  # noqa: BLE001 — the plugin hears it, and the pod does not start
            log("cni:", repr(e))
            c.sendall(f"{e!r}\n".encode())
        finally:
            c.close()

    versions = {k: load(k) for k in PATHS}  # all three before the first rule: half the truth would be too open
    apply("start")
    for k, v in versions.items():
        threading.Thread(target=follow, args=(k, v), daemon=True).start()
    if os.path.exists(sock):
        os.unlink(sock)
    s = socket.socket(socket.AF_UNIX)
    s.bind(sock)
    os.chmod(sock, 0o600)
    s.listen(64)
    while True:
        threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    plugin() if "CNI_COMMAND" in os.environ else daemon(*sys.argv[1:])
