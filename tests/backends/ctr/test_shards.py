"""Long lists in shards: how names are cut, and what is asked of ctr."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kuke_ctr.backends.ctr import images, shards, tables
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.tables import fetch
from kuke_ctr.errors import KukeCtrError, Unreadable
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.player import Player
from kuke_ctr.processes.runner import Processes
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.processes.tell import Teller
from kuke_ctr.records import Image, Listing
from tests.support.fake_ctr import FakeCtr
from tests.support.recorded import read, recorder
from tests.support.tabwriter import ctr_table

NAMES = [f"example.com/app-{number:02}:1" for number in range(24)]
SLOW = "sleep 60"
"""A whole list that nobody waits for."""


def chosen(shard: str, names: Sequence[str]) -> list[str]:
    """The names that a filter means, as containerd reads it: Go's `$` is the very end."""
    field, operator, quoted = shard.partition("~=")
    assert (field, operator) == ("name", "~=")
    pattern = re.compile(json.loads(quoted).replace("$", r"\Z"))
    return [name for name in names if pattern.search(name)]


@given(
    names=st.lists(st.text(max_size=12) | st.text("ab01:/\n", max_size=6), max_size=40),
    others=st.lists(st.text(max_size=12) | st.from_regex("[a-z]{3}[0-9]{2}", fullmatch=True)),
    most=st.integers(1, 8),
)
def test_each_name_is_in_exactly_one_shard(names: list[str], others: list[str], most: int) -> None:
    """Also one that came after the list was cut."""
    parts = shards.cut(names, most)
    assume(parts)
    assert 2 <= len(parts) <= most
    for name in {*names, *others, "", "\n", "\udcff"}:
        assert sum(name in chosen(part, [name]) for part in parts) == 1
    assert max(len(chosen(part, names)) for part in parts) <= len(names) * 0.75


@pytest.mark.parametrize("most", [2, 3, 4, 8])
def test_shards_have_about_as_many_rows_each(most: int) -> None:
    names = [f"registry.example/team/app-{number:04}:1.0" for number in range(3000)]
    rows = [len(chosen(part, names)) for part in shards.cut(names, most)]
    assert len(rows) == most
    assert max(rows) < 1.7 * len(names) / most


@pytest.mark.parametrize(
    "names", [[], [""], ["x"] * 9, ["-", "+", "/"], ["a" * 130 + "1", "a" * 130]]
)
def test_names_that_are_too_much_alike_are_not_cut(names: list[str]) -> None:
    assert shards.cut(names, 8) == ()


def test_one_shard_is_no_cut() -> None:
    assert shards.cut(NAMES, 1) == ()


@pytest.mark.parametrize(("processors", "most"), [(1, 1), (2, 4), (3, 6), (4, 8), (64, 8)])
def test_there_are_two_shards_for_each_processor_that_this_process_may_use(
    monkeypatch: pytest.MonkeyPatch, processors: int, most: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(processors)))
    assert shards.worthwhile() == most


def test_another_host_is_asked_for_two_shards_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its processors are not known; those of this host do not count."""
    monkeypatch.setattr(shards, "worthwhile", lambda: 8)

    def asks(far: Far | None) -> int:
        return len(shards.shards_of(lambda filters: Call(("ctr", *filters), far=far), NAMES, ()))

    assert (asks(None), asks(Far("web3"))) == (8, 2)
    monkeypatch.setattr(shards, "worthwhile", lambda: 1)
    assert (asks(None), asks(Far("web3"))) == (0, 2)


# what is asked of ctr


def row(name: str, labels: str = "-") -> str:
    media_type, digest = "application/vnd.oci.image.index.v1+json", f"sha256:{'0' * 64}"
    return f"{name}\t{media_type}\t{digest}\t1.0 MiB\t-\t{labels}\t"


def table(*rows: str) -> str:
    return "\n".join(ctr_table("REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t", rows)) + "\n"


class Host:
    """A fake ctr with images of some names in one namespace, which prints them as ctr does."""

    def __init__(self, fake: FakeCtr, names: Sequence[str] = NAMES) -> None:
        self.fake = fake
        self.names = sorted(names)

    def has(self, *words: str, names: Sequence[str], first: str = "") -> None:
        """What `images ls` with these words prints."""
        rows = table(*(row(name) for name in names))
        self.fake.answer("-n", "main", "images", "ls", *words, stdout=rows, first=first)

    def has_names(self, *words: str, first: str = "") -> None:
        said = "".join(f"{name}\n" for name in self.names)
        self.fake.answer("-n", "main", "images", "ls", "-q", *words, stdout=said, first=first)

    def has_shards(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """What the shards print: all names, or these."""
        parts = shards.cut(self.names, 2)
        for part in parts:
            self.has(part, names=chosen(part, self.names if names is None else names))
        return parts


@pytest.fixture
def host(fake_ctr: FakeCtr, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Its list is long, and worth two shards."""
    monkeypatch.setattr(tables, "LONG", len(NAMES) - 1)
    monkeypatch.setattr(shards, "worthwhile", lambda: 2)
    return Host(fake_ctr)


def asked(
    processes: Processes | None = None, filters: Sequence[str] = (), *, probe: bool = False
) -> Listing[Image] | KukeCtrError:
    ctr = Ctr(processes or Processes(), ("ctr",), None, None, 20.0, lambda text: None)
    (answer,) = fetch(ctr, images.LS, ["main"], filters, probe=probe)
    return answer


def refs(answer: Listing[Image] | KukeCtrError) -> list[str]:
    assert isinstance(answer, Listing), answer
    return [image.ref for image in answer.records]


def words_of(host: Host) -> list[list[str]]:
    """What ctr was asked with behind `images ls`; the calls side by side in any order."""
    return sorted(call[4:] for call in host.fake.calls)


def test_a_long_list_is_in_ctrs_order_and_the_whole_one_is_ended(host: Host) -> None:
    host.has(names=[], first=SLOW)
    host.has_names()
    parts = host.has_shards()
    traced: list[str] = []
    answer = asked(Processes(trace=1, tell=Teller(traced=traced.append)))
    assert refs(answer) == host.names
    assert words_of(host) == sorted([[], ["-q"], *([part] for part in parts)])
    lists = ("ctr", "-n", "main", "images", "ls")
    assert traced == [
        f"+ {shell_line((*lists, *words))}" for words in ((), ("-q",), *((part,) for part in parts))
    ]


def test_a_short_list_is_asked_for_once(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LONG", len(NAMES))
    host.has(names=host.names, first="sleep 0.2")
    host.has_names()
    assert refs(asked()) == host.names
    assert words_of(host) == [[], ["-q"]]


def test_where_no_shards_are_worth_it_the_whole_list_is_awaited(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "worthwhile", lambda: 1)
    host.has(names=host.names, first="sleep 0.2")
    host.has_names()
    assert refs(asked()) == host.names
    assert words_of(host) == [[], ["-q"]]


def test_a_whole_list_that_is_there_already_is_taken(host: Host) -> None:
    host.has(names=host.names)
    host.has_names(first="sleep 0.3")
    assert refs(asked()) == host.names
    assert words_of(host) == [[], ["-q"]]


def test_each_filter_of_the_user_holds_in_each_shard(host: Host) -> None:
    filters = ("name~=app", 'labels."a,b"==c', "")
    host.has(*filters, names=[], first=SLOW)
    host.has_names(*filters)
    for part in shards.cut(host.names, 2):
        words = (f"name~=app,{part}", f'labels."a,b"==c,{part}', part)
        host.has(*words, names=chosen(part, host.names))
    assert refs(asked(filters=filters)) == host.names


def test_what_shards_leave_open_the_whole_list_answers(host: Host, tmp_path: Path) -> None:
    """An image has gone between the calls: ctr is asked once more, as for a short list."""
    again = tmp_path / "again"
    slow = f"if [ -e {again} ]; then sleep 0.3; else touch {again}; sleep 60; fi"
    host.has(names=NAMES, first=slow)
    host.has_names(first=f"until [ -e {again} ]; do sleep 0.01; done")
    parts = host.has_shards(NAMES[1:])
    assert refs(asked()) == host.names
    assert words_of(host) == sorted([[], [], ["-q"], ["-q"], *([part] for part in parts)])


def test_a_difference_that_stays_is_an_error(host: Host) -> None:
    host.has(names=NAMES[1:], first="sleep 0.3")
    host.has_names()
    host.has_shards(NAMES[1:])
    answer = asked()
    assert isinstance(answer, Unreadable)
    assert f"only with -q: '{NAMES[0]}'" in answer.message


def test_refused_rows_are_those_of_the_whole_list(host: Host, tmp_path: Path) -> None:
    again = tmp_path / "again"
    rows = table(*(row(name, "x=a\nb" if name == NAMES[3] else "-") for name in NAMES))
    host.fake.answer(
        *("-n", "main", "images", "ls"),
        stdout=rows,
        first=f"[ -e {again} ] || {{ touch {again}; sleep 60; }}",
    )
    host.has_names(first=f"until [ -e {again} ]; do sleep 0.01; done")
    for part in host.has_shards():
        names = chosen(part, NAMES)
        odd = table(*(row(name, "x=a\nb" if name == NAMES[3] else "-") for name in names))
        host.fake.answer("-n", "main", "images", "ls", part, stdout=odd)
    answer = asked()
    assert isinstance(answer, Listing)
    lines = rows.split("\n")
    assert answer.refused
    assert all(row.text == lines[row.line - 1] for row in answer.refused)


def test_a_shard_that_fails_is_the_answer(host: Host) -> None:
    host.has(names=[], first=SLOW)
    host.has_names()
    part = host.has_shards()[1]
    words = ("-n", "main", "images", "ls", part)
    host.fake.answer(*words, stderr="ctr: transport is closing\n", exit_code=1)
    answer = asked()
    assert isinstance(answer, KukeCtrError)
    assert "transport is closing" in answer.message


def test_a_dry_run_prints_the_one_command(host: Host) -> None:
    planned: list[str] = []
    asked(Processes(dry_run=True, tell=Teller(planned=planned.append)))
    assert planned == ["ctr -n main images ls"]


def test_a_probe_of_a_dry_run_is_cut_too(host: Host) -> None:
    host.has(names=[], first=SLOW)
    host.has_names()
    host.has_shards()
    assert refs(asked(Processes(dry_run=True), probe=True)) == host.names


# record and replay


def test_a_recording_has_the_whole_list_whatever_a_replay_does_with_it(
    host: Host, tmp_path: Path
) -> None:
    host.has(names=host.names, first="sleep 0.3")
    host.has_names()
    recorded = asked(Processes(record=recorder(tmp_path / "r")))
    assert refs(recorded) == host.names
    assert words_of(host) == [[], ["-q"]]
    assert len(read(tmp_path / "r")) == 2
    replay = Processes(replay=Player(tmp_path / "r"))
    assert asked(replay) == recorded
    assert b"app-00" in replay.run(Call(("ctr", "-n", "main", "images", "ls"))).stdout


def test_a_replay_without_the_list_says_so(host: Host, tmp_path: Path) -> None:
    host.has_names()
    ctr = Ctr(
        Processes(record=recorder(tmp_path / "r")), ("ctr",), None, None, 20.0, lambda text: None
    )
    ctr.run("images", "ls", "-q", namespace="main")
    with pytest.raises(Unreadable, match="does not have the call `ctr -n main images ls`"):
        asked(Processes(replay=Player(tmp_path / "r")))
