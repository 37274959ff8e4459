"""The push protocol's reader, and dozens of pushes of all shapes: only the one ref ever moves."""

from io import BytesIO
from tempfile import TemporaryFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.errors import Refused
from quarterdeck.outside.repos.push import Move, advertisement, line, read_moves, report
from testkit.origins import git
from testkit.origins import pack as make_pack

from .conftest import World, nobody

OLD, NEW = "a" * 40, "b" * 40
PLAIN = frozenset({"report-status"})
EMPTY_PACK = make_pack([])


def asked(*commands: bytes) -> BytesIO:
    return BytesIO(b"".join(line(command) for command in commands) + b"0000PACK")


def test_a_command_is_read_up_to_the_pack() -> None:
    stream = asked(f"{OLD} {NEW} refs/heads/run\0 report-status side-band-64k\n".encode())
    assert read_moves(stream) == [Move("refs/heads/run", OLD, NEW, frozenset({"report-status", "side-band-64k"}))]
    assert stream.read() == b"PACK"


def test_a_shallow_clones_borders_are_passed_over() -> None:
    stream = asked(b"shallow " + b"c" * 40, f"{OLD} {NEW} refs/heads/run\0report-status".encode())
    assert [move.ref for move in read_moves(stream)] == ["refs/heads/run"]


def test_a_signed_push_is_not_spoken() -> None:
    with pytest.raises(Refused):
        read_moves(asked(b"push-cert\0report-status\n", b"certificate version 0.1\n"))


def test_a_report_is_framed_as_the_client_asked() -> None:
    move = Move("refs/heads/run", OLD, NEW, PLAIN)
    assert report([move]) == b"000eunpack ok\n0016ok refs/heads/run\n0000"
    assert report([move], "frozen: It is sealed.") == (
        b"000eunpack ok\n002cng refs/heads/run frozen: It is sealed.\n0000"
    )
    banded = Move("refs/heads/run", OLD, NEW, PLAIN | {"side-band-64k"})
    assert report([banded]) == b"002d\x01000eunpack ok\n0016ok refs/heads/run\n00000000"
    assert report([Move("refs/heads/run", OLD, NEW, frozenset())]) == b""


def test_a_ref_of_the_clients_making_forges_no_line_of_the_report() -> None:
    told = report([Move("x\nok refs/heads/run", OLD, NEW, PLAIN)], "one_ref: no\nok refs/heads/run")
    assert told.count(b"\n") == 2
    assert b"\nok " not in told


def test_the_list_of_refs_names_capabilities_once() -> None:
    told = advertisement([(OLD, "refs/heads/run"), (NEW, ".have")])
    assert told.startswith(b"001f# service=git-receive-pack\n0000")
    assert told.count(b"\0") == 1
    assert f"{NEW} .have\n".encode() in told


@given(st.binary(max_size=400))
def test_any_bytes_are_moves_or_malformed(body: bytes) -> None:
    assert reading(body) in ("", "malformed")


def reading(body: bytes) -> str:
    try:
        read_moves(BytesIO(body))
    except Refused as no:
        return no.reason
    return ""


refs = st.one_of(
    st.sampled_from(
        ["refs/heads/run", "refs/heads/main", "refs/tags/v1", "HEAD", "refs/replace/x", "refs/heads/run ", ""]
    ),
    st.text(max_size=20).map(lambda tail: f"refs/heads/{tail}"),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_whatever_list_of_moves_comes_only_the_one_ref_moves(world: World, data: st.DataObject) -> None:
    head = world.store.head(world.run)
    step = world.work({"app.py": b"step\n"}, parent=world.base)
    git(world.run_folder, "update-ref", "refs/heads/run", head)
    shas = st.sampled_from([step, world.base, "0" * 40, OLD])
    moves = data.draw(st.lists(st.builds(Move, refs, shas, shas, st.just(PLAIN)), max_size=3))
    before = everything_else(world)
    try:
        with TemporaryFile() as pack:
            pack.write(EMPTY_PACK)
            pack.seek(0)
            world.store.take(world.run, moves, pack, nobody)
    except Refused:
        assert world.store.head(world.run) == head
    else:
        assert world.store.head(world.run) == moves[0].new
        assert [(move.ref, move.old) for move in moves] == [("refs/heads/run", head)]
    assert everything_else(world) == before


def everything_else(world: World) -> str:
    lines = git(world.run_folder, "for-each-ref").splitlines()
    return "\n".join(line for line in lines if not line.endswith("\trefs/heads/run"))
