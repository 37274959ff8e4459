"""The door by hand: who is let in, what is refused before a body is read, and how a refusal reads."""

import gzip
import random
import socket
from contextlib import ExitStack
from select import select
from uuid import uuid4

import httpx
import pytest

from quarterdeck.doors.git_door import UNKNOWN_A_SECOND

from .conftest import Served

READ, WRITE = "/info/refs?service=git-upload-pack", "/info/refs?service=git-receive-pack"


def test_anybody_may_ask_whether_it_lives(served: Served) -> None:
    assert httpx.get(served.address + "/healthz", trust_env=False).text == "ok\n"


@pytest.mark.parametrize(
    ("method", "path"), [("GET", READ), ("GET", WRITE), ("POST", "/git-upload-pack"), ("POST", "/git-receive-pack")]
)
class TestEveryRoute:
    def test_nobody_comes_in_without_a_token(self, served: Served, token: str, method: str, path: str) -> None:
        for stale in ("", "qd_git_mallory", "x" * 5000):
            answer = served.ask(method, path, stale)
            assert (answer.status_code, answer.json()["reason"]) == (401, "token")

    def test_a_token_of_another_run_opens_nothing(self, served: Served, token: str, method: str, path: str) -> None:
        answer = served.ask(method, path, served.open(str(uuid4())))
        assert (answer.status_code, answer.json()["reason"]) == (403, "not_yours")

    def test_a_fenced_attempt_is_told_so(self, served: Served, token: str, method: str, path: str) -> None:
        served.fence.fenced.add(token)
        answer = served.ask(method, path, token)
        assert (answer.status_code, answer.json()["reason"]) == (409, "fenced")

    def test_the_other_method_is_refused(self, served: Served, token: str, method: str, path: str) -> None:
        assert served.ask({"GET": "POST", "POST": "GET"}[method], path, token).status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/HEAD",
        "/objects/info/packs",
        "/config",
        "/../x",
        "/git-upload-archive",
        "/git-receive-pack/",
        "",
        "//info/refs",
    ],
)
def test_there_is_no_dumb_protocol_and_no_other_route(served: Served, token: str, path: str) -> None:
    assert served.ask("GET", path, token).status_code in (403, 404)


def test_the_dumb_list_of_refs_is_refused(served: Served, token: str) -> None:
    assert served.ask("GET", "/info/refs", token).status_code == 403
    assert served.ask("GET", "/info/refs?service=git-upload-archive", token).status_code == 403


def test_the_internal_port_does_not_answer_here(served: Served, token: str) -> None:
    answer = httpx.post(served.address + "/internal/head", json={"run": served.run}, trust_env=False)
    assert answer.status_code == 404


def test_the_token_is_checked_before_a_body_is_read(served: Served, token: str) -> None:
    """A gigabyte is announced and not a byte of it sent: the refusal comes all the same."""
    host, port = served.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(
            f"POST /run/{served.run}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 401")


def test_a_body_that_is_too_big_is_refused_by_its_announced_size(served: Served, token: str) -> None:
    host, port = served.address.removeprefix("http://").split(":")
    head = f"POST /run/{served.run}.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(f"{head}Content-Length: 1000000000\r\n\r\n".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_body_that_grows_too_big_is_refused(served: Served, token: str) -> None:
    answer = served.ask("POST", "/git-receive-pack", token, content=iter([b"0" * 65536] * 40))
    assert (answer.status_code, answer.json()["reason"]) == (413, "too_big")


def test_a_gzip_bomb_is_refused(served: Served, token: str) -> None:
    packed = gzip.compress(bytes(15 << 20))
    answer = served.ask("POST", "/git-upload-pack", token, content=packed, headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["reason"]) == (413, "bomb")


def test_what_is_no_gzip_and_what_is_no_push_are_malformed(served: Served, token: str) -> None:
    answer = served.ask("POST", "/git-upload-pack", token, content=b"plain", headers={"content-encoding": "gzip"})
    assert (answer.status_code, answer.json()["reason"]) == (422, "malformed")
    for body in (b"zzzz", b"0001", b"0005a", b"00ff" + b"a" * 20, b"000ahello\n0000", b"fff1" + b"a" * 70000):
        answer = served.ask("POST", "/git-receive-pack", token, content=body)
        assert (answer.status_code, answer.json()["reason"]) == (422, "malformed")


def test_an_empty_push_is_gits_way_of_asking_whether_it_may(served: Served, token: str) -> None:
    answer = served.ask("POST", "/git-receive-pack", token, content=b"0000")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_push_is_told_the_one_ref_it_may_move(served: Served, token: str) -> None:
    lines = served.ask("GET", WRITE, token).content
    assert f"{served.base} refs/heads/run\0report-status".encode() in lines
    assert b"delete-refs" not in lines
    assert b"refs/pins" not in lines
    assert b"refs/heads/main" not in lines


def test_no_answer_may_be_kept_by_a_proxy(served: Served, token: str) -> None:
    for path in (READ, WRITE):
        assert "no-cache" in served.ask("GET", path, token).headers["cache-control"]


def test_only_one_protocol_version_passes_to_git(served: Served, token: str) -> None:
    old = served.ask("GET", READ, token, headers={"git-protocol": "version=2:x=`id`"}).content
    assert old.startswith(b"001e# service=git-upload-pack\n0000")
    new = served.ask("GET", READ, token, headers={"git-protocol": "version=2"}).content
    assert new.startswith(b"000eversion 2\n")


def test_a_run_that_is_closed_is_not_there(served: Served, token: str) -> None:
    served.store.close_run(served.run)
    assert served.ask("GET", READ, token).status_code == 404
    assert served.ask("GET", WRITE, token).status_code == 404


def opened(served: Served, token: str, path: str, more: str = "", run: str = "") -> socket.socket:
    """A request whose answer (or body) we hold back."""
    host, port = served.address.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=20)
    method = "POST" if path.startswith("/git-") else "GET"
    head = f"{method} /run/{run or served.run}.git{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    line.sendall(head.encode())
    return line


def test_a_run_sends_one_push_at_a_time(served: Served, token: str) -> None:
    first = opened(served, token, "/git-receive-pack", "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n")
    with first:
        assert first.recv(100).startswith(b"HTTP/1.1 100")  # it is being read now
        second = served.ask("POST", "/git-receive-pack", token, content=b"0000")
        assert (second.status_code, second.json()["reason"], second.headers["retry-after"]) == (429, "busy", "1")
        first.sendall(b"4\r\n0000\r\n0\r\n\r\n")
        assert first.recv(100).startswith(b"HTTP/1.1 200")
    assert served.ask("POST", "/git-receive-pack", token, content=b"0000").status_code == 200


def test_a_token_that_dies_ends_the_answer_it_began(served: Served, token: str) -> None:
    """The answer is bigger than what lies between us, so it waits for us; we read on only after the token died."""
    commit = tip(served)
    served.store.tip(served.run, str(served.origin.path), "main")
    with slow(served, token, commit) as line:
        got = len(line.recv(1000))
        served.fence.fenced.add(token)
        while served.fence.told == 0 and (piece := line.recv(1)):
            got += len(piece)  # a byte now and then, until the door has looked again
        while piece := line.recv(1 << 16):
            got += len(piece)
        assert 0 < got < 24 << 20


def slow(served: Served, token: str, commit: str, run: str = "") -> socket.socket:
    """Asks for a commit and reads nothing of the answer; its first bytes say that the reading has begun."""
    want = f"want {commit} ofs-delta\n"
    asked = f"{len(want) + 4:04x}{want}00000009done\n"
    more = f"Content-Type: application/x-git-upload-pack-request\r\nContent-Length: {len(asked)}\r\n"
    line = opened(served, token, "/git-upload-pack", more, run)
    line.sendall(asked.encode())
    return line


def tip(served: Served) -> str:
    """A commit whose answer is bigger than what lies between us, so that it waits for who reads it."""
    served.base = served.origin.commit({"big.bin": random.Random(3).randbytes(24 << 20)}, message="big")
    served.store.mirror(served.repository, str(served.origin.path))
    return served.base


def test_runs_that_read_slowly_leave_room_for_the_others(served: Served) -> None:
    """Four runs ask with all hands, and read nothing of it."""
    commit = tip(served)
    with ExitStack() as held:
        for _ in range(4):
            run = str(uuid4())
            stale = served.open(run)
            lines = [held.enter_context(slow(served, stale, commit, run)) for _ in range(4)]
            (began, *_), _, _ = select(lines, [], [], 20)  # each has one reader at least
            assert began.recv(12) == b"HTTP/1.1 200"
        assert served.ask("GET", READ, served.open(served.run), timeout=20).status_code == 200


def test_who_reads_too_slowly_gives_its_place_to_who_waits(served: Served, token: str) -> None:
    served.door.readers.most = 1
    served.door.patience.seconds = 0.2
    commit = tip(served)
    run = str(uuid4())
    with slow(served, served.open(run), commit, run) as line:
        assert line.recv(12) == b"HTTP/1.1 200"
        assert served.ask("GET", READ, token, timeout=20).status_code == 200
        rest = sum(iter(lambda: len(line.recv(1 << 16)), 0))
        assert rest < 24 << 20, "it was cut"


def test_who_waits_for_a_place_to_read_is_told_to_come_again(served: Served, token: str) -> None:
    served.door.readers.most, served.door.readers.patience_s = 0, 0.05
    answer = served.ask("GET", READ, token, timeout=20)
    assert (answer.status_code, answer.json()["reason"], answer.headers["retry-after"]) == (429, "busy", "5")


def test_invented_tokens_ask_the_record_no_faster_than_one_caller_may(served: Served, token: str) -> None:
    """Each is a question to the record, and whoever invents them has many: who is known reads on all the same."""
    served.door.rates.clock = lambda: 0.0
    assert served.ask("GET", READ, token).status_code == 200
    before = served.fence.asked
    said = {served.ask("GET", READ, f"qd_git_{number:064x}").status_code for number in range(120)}
    assert said == {401, 429}
    assert served.fence.asked - before <= 2 * UNKNOWN_A_SECOND
    assert served.ask("GET", READ, token).status_code == 200
