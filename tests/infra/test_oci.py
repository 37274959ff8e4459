"""The archive of an image: the same files give the same digest, whoever wrote them and whenever."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from testkit.infra import IMAGES


def pack(out: Path, folder: Path, *words: str) -> dict[str, object]:
    command = [sys.executable, IMAGES / "oci.py", out, "--name", "localhost/try:1", "--layer", f"all={folder}:/opt/it"]
    return json.loads(subprocess.run([*command, *words], capture_output=True, text=True, check=True).stdout)


def fill(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "run").write_text("#!/bin/sh\n")
    (folder / "bin" / "run").chmod(0o755)
    (folder / "bin" / "again").symlink_to("run")
    os.link(folder / "bin" / "run", folder / "bin" / "twin")
    return folder


def layer(archive: Path, tmp_path: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(archive) as whole:
        index = json.load(whole.extractfile("index.json"))  # type: ignore[arg-type]
        blob = lambda digest: whole.extractfile("blobs/" + digest.replace(":", "/"))  # noqa: E731
        manifest = json.load(blob(index["manifests"][0]["digest"]))  # type: ignore[arg-type]
        with tarfile.open(fileobj=blob(manifest["layers"][0]["digest"])) as inner:
            return {one.name: one for one in inner}


def test_the_same_files_give_the_same_digest(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "a"), fill(tmp_path / "b")
    os.utime(second / "bin" / "run", (1, 1))
    assert pack(tmp_path / "1.tar", first)["manifest"] == pack(tmp_path / "2.tar", second)["manifest"]


def test_another_mode_is_another_digest(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "a"), fill(tmp_path / "b")
    (second / "bin" / "run").chmod(0o700)
    assert pack(tmp_path / "1.tar", first)["manifest"] != pack(tmp_path / "2.tar", second)["manifest"]


def test_a_layer_keeps_modes_and_links_and_belongs_to_root(tmp_path: Path) -> None:
    pack(tmp_path / "1.tar", fill(tmp_path / "a"))
    found = layer(tmp_path / "1.tar", tmp_path)
    assert {name for name in found} == {
        "opt",
        "opt/it",
        "opt/it/bin",
        "opt/it/bin/run",
        "opt/it/bin/again",
        "opt/it/bin/twin",
    }
    assert found["opt/it/bin/again"].linkname == "run"
    run, twin = found["opt/it/bin/run"], found["opt/it/bin/twin"]
    assert {run.islnk(), twin.islnk()} == {True, False}, "one file with two names is stored once"
    assert all((one.uid, one.gid, one.mtime) == (0, 0, 0) for one in found.values())
    assert found["opt/it/bin/again"].issym()
    assert (twin if run.islnk() else run).mode & 0o777 == 0o755
