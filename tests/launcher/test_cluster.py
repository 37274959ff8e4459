"""Which cluster a start uses: none, one of our own, or the one a person named; and what it says when it cannot."""

from pathlib import Path

import pytest

from quarterdeck.errors import GaveUp
from quarterdeck.up import cluster


def test_agents_live_on_this_machine_when_nobody_says_otherwise() -> None:
    assert cluster.wanted({"HOME": "/home/alice"}) is None


def test_a_cluster_of_our_own_is_asked_for_by_one_word() -> None:
    want = cluster.wanted({"HOME": "/home/alice", "CLUSTER": "up"})
    assert want is not None
    assert want.own
    assert want.kubeconfig == Path("/home/alice/.local/state/quarterdeck/cluster-0/admin.kubeconfig")
    assert want.image == "localhost/quarterdeck/agent:dev"


def test_a_slot_and_a_folder_name_another_cluster_of_ours() -> None:
    assert cluster.own_kubeconfig({"HOME": "/h", "QD_CLUSTER_SLOT": "3"}).parent.name == "cluster-3"
    assert cluster.own_kubeconfig({"QD_CLUSTER_STATE": "/tmp/x"}) == Path("/tmp/x/admin.kubeconfig")


def test_the_scripts_and_the_launcher_agree_on_the_folder() -> None:
    """The same path is written in two languages."""
    lib = (cluster.SCRIPTS / "lib.sh").read_text()
    assert "${XDG_STATE_HOME:-$HOME/.local/state}/quarterdeck/cluster-$QD_SLOT" in lib


def test_a_kubeconfig_wins_over_ours(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.touch()
    want = cluster.wanted(
        {"CLUSTER": "up", "KUBECONFIG": str(file), "QUARTERDECK_AGENT_IMAGE": "registry.example/agent:1"}
    )
    assert want is not None
    assert not want.own
    assert (want.kubeconfig, want.image) == (file, "registry.example/agent:1")


def test_a_kubeconfig_without_an_image_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.touch()
    with pytest.raises(GaveUp, match="QUARTERDECK_AGENT_IMAGE"):
        cluster.wanted({"KUBECONFIG": str(file)})


def test_a_kubeconfig_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(GaveUp, match="no such file"):
        cluster.wanted({"KUBECONFIG": str(tmp_path / "none")})


def test_who_set_the_backend_himself_is_left_alone(tmp_path: Path) -> None:
    assert cluster.wanted({"KUBECONFIG": "/x", "QUARTERDECK_CLUSTER": "local"}) is None


def test_another_word_is_refused() -> None:
    with pytest.raises(GaveUp, match="CLUSTER=up"):
        cluster.wanted({"CLUSTER": "down"})
