"""What is printed of many hosts: rows as they come, or all of them together, equal ones once."""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from kuke_ctr.commands.shared.fleet_waiting import Waiting
from kuke_ctr.commands.shared.folded import FoldedRows, Groups
from kuke_ctr.commands.shared.output import ALOUD, print_lines
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.records import Record
from kuke_ctr.render import Output, View, choose_output, escape, render, to_json, to_yaml
from kuke_ctr.shared_options import SharedOptions

_COMES = (Output.JSONL, Output.NAME)
"""Forms whose lines stand for themselves: they are printed once a host has given them."""

_FOLDS = (Output.TABLE, Output.WIDE)
"""Forms for a person."""


_HOSTS, _ITSELF = "\0", "\1"
"""Stand for names: no remark has these characters, which are shown escaped."""


class Answer(Protocol):
    """What a command found on one host (`fleet.HostAnswer`)."""

    view: View | None
    records: list[Record]
    documents: list[object]
    errors: list[KukeCtrError]
    planned: list[str]
    code: int
    out: tuple[bytes, ...]
    err: tuple[bytes, ...]


class FleetOutput:
    """Takes what each host gave, in the order in which they are done.

    `fold` makes one name of several. `worst` is the worst exit code so far.
    """

    def __init__(
        self,
        options: SharedOptions,
        names: Sequence[str],
        fold: Callable[[Collection[str]], str],
    ) -> None:
        self.worst = 0
        self._names = names
        self._fold = fold
        self._form = choose_output(options.output, options.quiet)
        self._waiting = None if options.trace else Waiting(names, fold)
        self._comes = self._form in _COMES and options.sort_by is None
        self._folds = options.fold and self._form in _FOLDS
        self._view: View | None = None
        self._folded: FoldedRows | None = None
        self._rows: dict[int, list[Record]] = {}
        self._documents: dict[int, list[object]] = {}
        self._texts: Groups[tuple[bytes, ...]] = Groups()
        self._remarks: Groups[str] = Groups()

    def host_done(self, host: int, answer: Answer) -> None:
        """Print what stands for itself, and keep the rest; a host is its place among the names."""
        self.worst = max(self.worst, answer.code)
        if self._waiting is not None and not self._comes:
            self._waiting.done(host)
        for line in answer.planned:
            ALOUD.planned(line)
        if answer.out:
            self._texts.add(answer.out, host)
        for remark in _remarks(answer, self._names[host]):
            self._remarks.add(remark, host)
        if answer.view is not None:
            self._take(host, answer.view, answer.records)
        if answer.documents:
            self._documents[host] = answer.documents
        if self._comes:
            self._print_kept()

    def over(self) -> None:
        """No more hosts come."""
        if self._waiting is not None:
            self._waiting.over()

    def finish(self) -> None:
        """Print what is left, once all hosts are done."""
        self._print_kept(last=True)

    def _take(self, host: int, view: View, rows: list[Record]) -> None:
        self._view = view
        if self._folds:
            self._folded = self._folded or FoldedRows(view)
            self._folded.add(host, rows)
        else:
            self._rows[host] = rows

    def _print_kept(self, *, last: bool = False) -> None:
        if self._view is not None and (last or self._rows):
            print_lines(render(self._records(), self._view))
        if self._documents:
            self._print_documents()
        for hosts, texts in self._texts.together():
            for text in texts:
                self._print_text(hosts, text)
        sys.stdout.flush()
        for hosts, remarks in self._remarks.together():
            for remark in remarks:
                said = remark.replace(_ITSELF, self._names[hosts[0]])
                print(said.replace(_HOSTS, self._name(hosts)), file=sys.stderr)
        self._rows, self._documents = {}, {}
        self._texts, self._remarks = Groups(), Groups()

    def _records(self) -> Iterator[Record]:
        if self._folded is not None:
            yield from self._folded.records(self._name)
        for host, rows in sorted(self._rows.items()):
            for row in rows:
                yield row.model_copy(update={"host": self._names[host]})

    def _print_documents(self) -> None:
        found = [
            {"host": self._names[host], **(one if isinstance(one, dict) else {"value": one})}
            for host, several in sorted(self._documents.items())
            for one in several
        ]
        if self._form is Output.JSONL:
            print_lines(map(to_json, found))
        else:
            print_lines([to_yaml(found) if self._form is Output.YAML else to_json(found, indent=2)])

    def _print_text(self, hosts: Sequence[int], text: Sequence[bytes]) -> None:
        """Pages that are no rows: a tree. Hosts that print the same have it once."""
        print_lines([f"== {escape(self._name(hosts))} =="])
        sys.stdout.flush()
        for line in text:
            sys.stdout.buffer.write(line + b"\n")

    def _name(self, hosts: Sequence[int]) -> str:
        return self._fold([self._names[host] for host in hosts])


def _remarks(answer: Answer, name: str) -> Iterator[str]:
    """What a host has to say on stderr, an error with its hint.

    Where it names itself stands `_ITSELF`: hosts that say the same are joined, and the first one of
    them is the example.
    """
    itself = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)")
    for error in answer.errors:
        hint = f"\nhint: {escape(error.hint)}" if error.hint is not None else ""
        message = escape(error.message).removeprefix(f"{name}: ")
        yield f"kuke-ctr: {_HOSTS}: {itself.sub(_ITSELF, message + hint)}"
    for line in answer.err:
        text = line.decode(errors="surrogateescape")
        yield f"{_HOSTS}: {itself.sub(_ITSELF, text)}"
