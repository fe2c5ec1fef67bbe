"""Leases over a fake ctr: times, labels, and what they keep."""

import pytest

from kuke_ctr.cli.main import main
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import MAIN, TAKEN, Capture, with_leases


def test_lease_ids_labels_and_times(storage_host: FakeCtr, capsys: Capture) -> None:
    words = ("leases", "create", "--id", "mine", "--expires", "168h", "team=a")
    storage_host.answer(*MAIN, *words, stdout="mine\n")
    assert main(["leases", "create", "mine", "team=a", "--expires", "7d", "-r", "main"]) == 0
    assert capsys.readouterr().out == "mine\n"


@pytest.mark.parametrize("expires", ["7", "1w", "٣d", "9" * 5000 + "d"])
def test_what_is_no_time_is_refused(storage_host: FakeCtr, capsys: Capture, expires: str) -> None:
    assert main(["leases", "create", "mine", "--expires", expires, "-r", "main"]) == 2
    assert "hint: use 90s, 30m, 24h or 7d; 0 is forever" in capsys.readouterr().err


def test_a_lease_that_keeps_nothing_goes_without_a_question(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    with_leases(storage_host, empty="containerd.io/gc.expire=2100-01-01T00:00:00Z")
    assert main(["leases", "rm", "empty", "emty", "-r", "main"]) == 3
    out, err = capsys.readouterr()
    assert out == "empty\n"
    assert "there is no lease emty in realm main" in err


def test_a_lease_with_an_owner_is_asked_about_and_an_expired_one_is_not(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    with_leases(
        storage_host,
        theirs="owner=backup",
        old="containerd.io/gc.expire=2020-01-01T00:00:00Z,owner=x",
    )
    assert main(["leases", "rm", "theirs", "-r", "main"]) == 2
    assert "theirs has a label that names an owner: owner=backup" in capsys.readouterr().err
    assert main(["leases", "rm", "old", "-r", "main"]) == 0
    assert capsys.readouterr().out == "old\n"


def test_an_id_of_a_lease_that_is_taken_says_what_shows_and_removes_it(
    storage_host: FakeCtr, capsys: Capture
) -> None:
    words = ("leases", "create", "--id", "mine")
    storage_host.answer(*MAIN, *words, stderr=TAKEN.format("lease", "mine"), exit_code=1)
    assert main(["leases", "create", "mine", "-r", "main"]) == 1
    err = capsys.readouterr().err
    assert "`kuke-ctr leases ls id==mine --namespace kukeon-main` shows it" in err
    assert "`kuke-ctr leases rm mine --namespace kukeon-main` removes it" in err
