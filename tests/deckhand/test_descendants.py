"""Processes below a runner, while they come and go: a command's end was lost when one went just as it was looked at."""

import subprocess
import sys

from deckhand.tools.shell import descendants

ROUNDS = 60
MANY = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/true & done; wait"


def test_a_process_that_goes_while_it_is_looked_at_has_no_children() -> None:
    looks = 0
    for _ in range(ROUNDS):
        with subprocess.Popen(["/bin/sh", "-c", MANY]) as crowd:
            while crowd.poll() is None:
                list(descendants())
                looks += 1
    assert looks > ROUNDS


def test_children_and_theirs_are_found() -> None:
    below = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", below], stdin=subprocess.PIPE) as child:
        while len(found := list(descendants(child.pid))) < 1:
            assert child.poll() is None
        assert child.pid in list(descendants())
        assert found[0] in list(descendants())
        child.communicate(b"\n")
