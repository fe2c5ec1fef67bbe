"""Which process it was."""

import subprocess  # noqa: TID251 (a process that ends)

from kuke_ctr.processes.identity import identity, is_gone


def test_a_process_is_known_until_it_ends() -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        known = identity(child.pid)
        assert is_gone(known) is False
        child.kill()
    assert is_gone(known) is True
    assert is_gone(identity()) is False


def test_another_process_with_the_same_number_is_another_one() -> None:
    place, number, started = identity().split("-")
    assert is_gone(f"{place}-{number}-{int(started) + 1}") is True


def test_of_what_cannot_be_seen_from_here_nothing_is_said() -> None:
    _, number, started = identity().split("-")
    for known in (f"1-{number}-{started}", "", "x", "a-b-c", f"-{number}-{started}"):
        assert is_gone(known) is None
