#!/usr/bin/env python3
"""Keep a Node object Ready without a kubelet (kwok's trick, 40 lines), so that killing the one real kubelet is a *partial*
outage: only then does the node controller taint the lost node and evict its pods. Usage: fakenode.py KUBECONFIG [NAME]"""

import asyncio
import datetime as dt
import sys

from kubernetes.aio import client, config  # kubernetes >= 37


async def main(kubeconfig: str, name: str = "fake-1") -> None:
    await config.load_kube_config(config_file=kubeconfig)
    async with client.ApiClient() as api:
        core, coord = client.CoreV1Api(api), client.CoordinationV1Api(api)
        merge = {"_content_type": "application/merge-patch+json"}
        try:
            await core.create_node(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {"name": name, "labels": {"type": "fake"}},
                    "spec": {"taints": [{"key": "fake", "value": "1", "effect": "NoSchedule"}]},
                }
            )
        except client.ApiException as e:
            if e.status != 409:
                raise
        lease = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": "kube-node-lease"},
        }
        while True:
            now = dt.datetime.now(dt.UTC)
            await core.patch_node_status(
                name,
                {
                    "status": {
                        "capacity": {"cpu": "1", "memory": "1Gi", "pods": "1"},
                        "conditions": [
                            {
                                "type": "Ready",
                                "status": "True",
                                "reason": "Fake",
                                "lastHeartbeatTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                            }
                        ],
                    }
                },
                **merge,
            )
            spec = {
                "holderIdentity": name,
                "leaseDurationSeconds": 10,
                "renewTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            }
            try:
                await coord.create_namespaced_lease("kube-node-lease", lease | {"spec": spec})
            except client.ApiException as e:
                if e.status != 409:
                    raise
                await coord.patch_namespaced_lease(name, "kube-node-lease", {"spec": spec}, **merge)
            await asyncio.sleep(2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
