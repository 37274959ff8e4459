"""Origins that ask for a login: given to git for one process and one host, and to be found nowhere afterwards."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from quarterdeck.errors import Refused
from quarterdeck.outside.repos import plumbing
from quarterdeck.outside.repos.outward import SECRET, Outward
from quarterdeck.outside.repos.store import Store
from testkit.locked import Locked, locked
from testkit.origins import Origin, git

WORD = "s3cret-word"
LOGIN = {"user": "bot", "secret": WORD}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Locked]:
    origin = Origin.make(tmp_path / "origins" / "lark.git")
    origin.commit({"a.txt": b"1"})
    git(origin.path, "config", "http.receivepack", "true")
    with locked(tmp_path / "origins", tmp_path / "tls", secret=WORD) as made:
        yield made


@pytest.fixture
def store(server: Locked, tmp_path: Path) -> Store:
    return Store(tmp_path / "repos", outward=Outward(authorities=str(server.authorities)))


def test_a_repository_is_fetched_and_published_with_its_login(server: Locked, store: Store, tmp_path: Path) -> None:
    origin, url, repository, run = (
        Origin(tmp_path / "origins" / "lark.git"),
        server.url("lark.git"),
        str(uuid4()),
        str(uuid4()),
    )
    base = store.mirror(repository, url, access=LOGIN)["main"]
    store.open_run(run, repository, base)
    side = origin.commit({"b.txt": b"2"}, branch="side")
    store.mirror(repository, url, access=LOGIN)
    store.adopt(run, side)
    assert store.tip(run, url, "main", access=LOGIN) == base
    assert not store.holds(run, url, "main", old=base, new=side, access=LOGIN)
    assert store.publish(run, url, "main", old=base, new=side, access=LOGIN)
    assert store.holds(run, url, "main", old=base, new=side, access=LOGIN)
    assert origin.head() == side
    kept = [path for path in (tmp_path / "repos").rglob("*") if path.is_file() and WORD.encode() in path.read_bytes()]
    assert kept == [], "the login is in no file of the mirror or of the run"


@pytest.mark.parametrize("access", [None, {}, {"user": "bot", "secret": "another"}])
def test_without_the_right_login_it_is_refused_in_words_that_do_not_hold_it(
    server: Locked, store: Store, access: dict[str, str] | None
) -> None:
    with pytest.raises(Refused) as no:
        store.mirror(str(uuid4()), server.url("lark.git"), access=access)
    assert no.value.reason == "no_such_repository"
    assert "another" not in no.value.text


def test_no_argument_of_git_holds_the_login_and_its_errors_do_not_repeat_it(tmp_path: Path) -> None:
    env = Outward().environment("https://git.example/a.git", LOGIN)
    argv = plumbing.command(tmp_path, ("fetch", "https://git.example/a.git"), plumbing.Bounds())
    assert WORD not in " ".join(argv)
    assert [name for name, value in env.items() if WORD in value] == [SECRET]
    said = plumbing.Git(tmp_path, env).run("-c", f"alias.say=!echo {WORD} >&2; false", "say")
    assert "…" in said.err
    assert WORD not in said.err


def test_another_host_is_offered_nothing(server: Locked, store: Store) -> None:
    """The login is bound to the address it is asked for: git itself would offer it to wherever it is led."""
    env = store.outward.environment("https://elsewhere.example/lark.git", LOGIN)
    ran = plumbing.Git(store.root, env).run("ls-remote", server.url("lark.git"))
    assert ran.code
    assert set(server.heard) == {""}


def test_the_sites_proxy_is_asked_for_https_origins(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard: list[bytes] = []

        def refuse() -> None:
            line, _ = listener.accept()
            heard.append(line.recv(4096))
            line.sendall(b"HTTP/1.1 503 no\r\ncontent-length: 0\r\n\r\n")
            line.close()

        proxy = threading.Thread(target=refuse, daemon=True)
        proxy.start()
        out = Outward(proxy=f"http://127.0.0.1:{listener.getsockname()[1]}").environment(
            "https://git.example/a.git", LOGIN
        )
        plumbing.Git(tmp_path, out).run("ls-remote", "https://git.example/a.git")
        proxy.join(10)
    assert heard[0].startswith(b"CONNECT git.example:443 ")
    assert WORD.encode() not in heard[0]


def test_a_login_is_one_line() -> None:
    with pytest.raises(Refused, match="one line"):
        Outward().environment("https://git.example/a.git", {"user": "bot", "secret": "a\nhost=evil.example"})
