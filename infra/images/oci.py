#!/usr/bin/env python3
"""Make an OCI image archive out of plain directories or tar files. Standard library only.

No daemon, no registry, no root needed (ownership is written as 0:0 unless --keep-owner).
Deterministic: same input bytes -> same layer digest, so containerd's content store
skips a layer that it already holds, and an unchanged base costs nothing on re-import.

  mkoci.py OUT.tar --name localhost/agent:dev \
      --layer base=ROOTFS.tar --layer venv=DIR:/opt/agent \
      --env PATH=/opt/agent/bin:/usr/bin --entrypoint '["/usr/bin/python3"]' --user 10001:10001

A layer is LABEL=SOURCE[:TARGET]; SOURCE a directory (TARGET = where it goes in the image)
or a .tar file taken as it is (TARGET not allowed). Import: ctr -n k8s.io images import OUT.tar
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import json
import os
import stat
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

EPOCH = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
MT_INDEX = "application/vnd.oci.image.index.v1+json"
MT_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
MT_CONFIG = "application/vnd.oci.image.config.v1+json"
MT_LAYER = "application/vnd.oci.image.layer.v1.tar"


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer_from_dir(src: Path, target: str, owner: tuple[int, int] | None) -> bytes:
    """A tar of SRC placed at TARGET: entries sorted, times and owners fixed, hard links kept."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        prefix = target.strip("/")
        done: set[str] = set()

        def parents(path: str) -> None:
            parts = path.split("/")[:-1]
            for i in range(1, len(parts) + 1):
                p = "/".join(parts[:i])
                if p and p not in done:
                    done.add(p)
                    ti = tarfile.TarInfo(p)
                    ti.type, ti.mode, ti.mtime = tarfile.DIRTYPE, 0o755, EPOCH
                    tar.addfile(ti)

        entries: list[tuple[str, Path]] = []
        if src.is_dir() and not src.is_symlink():
            for root, dirs, files in os.walk(src):
                dirs.sort()
                rel = os.path.relpath(root, src)
                for name in sorted(dirs + files):
                    r = name if rel == "." else f"{rel}/{name}"
                    entries.append((f"{prefix}/{r}" if prefix else r, src / r))
        else:  # a single file: TARGET is its full path
            entries.append((prefix, src))
        entries.sort(key=lambda e: e[0])
        inodes: dict[tuple[int, int], str] = {}
        for arc, path in entries:
            st = path.lstat()
            if stat.S_ISSOCK(st.st_mode):
                continue
            parents(arc)
            if arc in done:
                continue
            ti = tar.gettarinfo(str(path), arcname=arc)
            ti.mtime, ti.uname, ti.gname, ti.pax_headers = EPOCH, "", "", {}
            if owner is not None:
                ti.uid, ti.gid = owner
            if ti.isdir():
                done.add(arc)
            key = (st.st_dev, st.st_ino)
            if ti.islnk() or (stat.S_ISREG(st.st_mode) and st.st_nlink > 1):
                if key in inodes:
                    ti.type, ti.linkname, ti.size = tarfile.LNKTYPE, inodes[key], 0
                    tar.addfile(ti)
                    continue
                inodes[key] = arc
                ti.type, ti.linkname, ti.size = tarfile.REGTYPE, "", st.st_size
            if ti.isreg():
                with path.open("rb") as fh:
                    tar.addfile(ti, fh)
            else:
                tar.addfile(ti)
    return out.getvalue()


def compress(data: bytes, how: str) -> tuple[bytes, str]:
    if how == "none":
        return data, MT_LAYER
    buf = io.BytesIO()
    with gzip.GzipFile(fileobj=buf, mode="wb", compresslevel=int(how or 1), mtime=0, filename="") as g:
        g.write(data)
    return buf.getvalue(), MT_LAYER + "+gzip"


def arguments() -> argparse.Namespace:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("out")
    ap.add_argument("--name", required=True, help="full reference, e.g. localhost/agent:dev")
    ap.add_argument("--layer", action="append", required=True, metavar="LABEL=SRC[:TARGET]")
    ap.add_argument("--env", action="append", default=[])
    ap.add_argument("--label", action="append", default=[])
    ap.add_argument("--entrypoint", default="[]")
    ap.add_argument("--cmd", default="[]")
    ap.add_argument("--user", default="")
    ap.add_argument("--workdir", default="/")
    ap.add_argument("--arch", default="amd64")
    ap.add_argument("--owner", default="0:0", help="uid:gid for files from directories, or 'keep'")
    ap.add_argument("--compress", default="none", help="none (fastest on one machine) or gzip level 1-9")
    return ap.parse_args()


class Image:
    """Grows layer by layer; `blobs` by digest, the manifest last."""

    def __init__(self, a: argparse.Namespace) -> None:
        self.a = a
        self.owner = None if a.owner == "keep" else tuple(int(x) for x in a.owner.split(":"))
        self.created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(EPOCH))
        self.blobs: dict[str, bytes] = {}
        self.layers: list[dict[str, Any]] = []
        self.diff_ids: list[str] = []
        self.history: list[dict[str, str]] = []

    def add(self, spec: str) -> None:
        """LABEL=SRC[:TARGET]."""
        label, _, rest = spec.partition("=")
        source, _, target = rest.partition(":")
        src = Path(source)
        data = src.read_bytes() if source.endswith(".tar") else layer_from_dir(src, target or "/", self.owner)
        self.diff_ids.append(sha256(data))
        blob, kind = compress(data, self.a.compress)
        note = {"org.opencontainers.image.title": label}
        self.layers.append({"mediaType": kind, "digest": self.keep(blob), "size": len(blob), "annotations": note})
        self.history.append({"created": self.created, "created_by": label})
        stored = f"{len(data) / 1e6:.1f} MB raw, {len(blob) / 1e6:.1f} MB stored, {sha256(blob)[:19]}"
        print(f"layer {label}: {stored}", file=sys.stderr)

    def keep(self, blob: bytes) -> str:
        digest = sha256(blob)
        self.blobs[digest] = blob
        return digest

    def config(self) -> bytes:
        a = self.a
        words = {"Env": a.env, "WorkingDir": a.workdir, "Labels": dict(x.split("=", 1) for x in a.label)}
        more = {"User": a.user, "Entrypoint": json.loads(a.entrypoint), "Cmd": json.loads(a.cmd)}
        found = {
            "created": self.created,
            "architecture": a.arch,
            "os": "linux",
            "config": words | {key: value for key, value in more.items() if value},
            "rootfs": {"type": "layers", "diff_ids": self.diff_ids},
            "history": self.history,
        }
        return json.dumps(found, sort_keys=True).encode()

    def manifest(self) -> bytes:
        config = self.config()
        found = {
            "schemaVersion": 2,
            "mediaType": MT_MANIFEST,
            "config": {"mediaType": MT_CONFIG, "digest": self.keep(config), "size": len(config)},
            "layers": self.layers,
        }
        return json.dumps(found, sort_keys=True).encode()

    def index(self, manifest: bytes) -> bytes:
        """Names the image for whoever imports the archive."""
        one = {
            "mediaType": MT_MANIFEST,
            "digest": self.keep(manifest),
            "size": len(manifest),
            "platform": {"architecture": self.a.arch, "os": "linux"},
            "annotations": {
                "io.containerd.image.name": self.a.name,
                "org.opencontainers.image.ref.name": self.a.name.rpartition(":")[2],
            },
        }
        return json.dumps({"schemaVersion": 2, "mediaType": MT_INDEX, "manifests": [one]}, sort_keys=True).encode()


def write(out: str, index: bytes, blobs: dict[str, bytes]) -> None:
    """Whole or not at all."""
    tmp = out + ".part"
    with tarfile.open(tmp, "w", format=tarfile.USTAR_FORMAT) as tar:

        def put(name: str, data: bytes) -> None:
            ti = tarfile.TarInfo(name)
            ti.size, ti.mtime, ti.mode = len(data), EPOCH, 0o644
            tar.addfile(ti, io.BytesIO(data))

        put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        put("index.json", index)
        for digest in sorted(blobs):
            put("blobs/sha256/" + digest.split(":")[1], blobs[digest])
    os.replace(tmp, out)


def main() -> int:
    a, t0 = arguments(), time.monotonic()
    image = Image(a)
    for spec in a.layer:
        image.add(spec)
    manifest = image.manifest()
    write(a.out, image.index(manifest), image.blobs)
    said = {
        "name": a.name,
        "manifest": sha256(manifest),
        "archive_mb": round(os.path.getsize(a.out) / 1e6, 1),
        "seconds": round(time.monotonic() - t0, 2),
    }
    print(json.dumps(said))
    return 0


if __name__ == "__main__":
    sys.exit(main())
