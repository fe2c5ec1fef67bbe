"""ctr on one host: builds the argv of a call, runs it, and turns a failure into an error."""

import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from kuke_ctr.backends.ctr.lines import line_in
from kuke_ctr.errors import CtrFailed, KukeCtrError, Unreadable
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.runner import Processes


@dataclass(frozen=True, slots=True)
class Ctr:
    """The ctr of one host.

    `words` are the program's words (`("ctr",)`, `("k3s", "ctr")`), `address` becomes `-a` where
    somebody gave one, `typed` are the options by which the user named the host, for hints. `socket`
    is the path that is tried before a call, `timeout` the time limit of a reading call in seconds
    (None: no limit) and `change_timeout` that of a changing one, `notice` gets the stderr of a call
    that succeeded. `far` is another host, which ssh reaches.
    """

    processes: Processes
    words: tuple[str, ...]
    address: str | None
    socket: str | None
    timeout: float | None
    notice: Callable[[str], None]
    change_timeout: float | None = None
    typed: tuple[str, ...] = ()
    far: Far | None = None
    _version: list[str] = field(default_factory=list)
    _machine: list[str] = field(default_factory=list)

    def argv(self, *words: str, namespace: str | None = None) -> tuple[str, ...]:
        """The whole argv of a call; `words` are noun, verb, flags and then positionals."""
        address = ("-a", self.address) if self.address is not None else ()
        scope = ("-n", namespace) if namespace is not None else ()
        return (*self.words, *address, *scope, *words)

    def call(self, *words: str, namespace: str | None = None, probe: bool = False) -> Call:
        """A call with this host's socket and time limit."""
        argv = self.argv(*words, namespace=namespace)
        return Call(
            argv,
            timeout=self.timeout,
            socket=self.socket,
            probe=probe,
            namespace=namespace,
            typed=self.typed,
            far=self.far,
        )

    def line(self, *words: str) -> str:
        """A command about the whole host for a hint; `Scope.line` names the namespace too."""
        return line_in(None, *words, typed=self.typed)

    def run(self, *words: str, namespace: str | None = None, probe: bool = False) -> Result:
        """Run one call; an exit code other than 0 is an error."""
        return self.checked(self.processes.run(self.call(*words, namespace=namespace, probe=probe)))

    def change(self, *words: str, namespace: str | None = None) -> Result:
        """Run one call that changes something; an exit code other than 0 is an error.

        In a dry run it is printed, and the result is `planned`.
        """
        call = self.call(*words, namespace=namespace)
        return self.checked(self.processes.run(call._replace(timeout=self.change_timeout)))

    def checked(self, result: Result) -> Result:
        """The result of a call that succeeded; its stderr is shown, a failure is raised."""
        if result.exit_code != 0:
            raise self.failure(result)
        self.pass_on(result.stderr)
        return result

    def answers(self, calls: Sequence[Call]) -> Sequence[Result | None]:
        """What the calls gave, side by side; None for one that a recording does not have."""
        if not self.processes.replays:
            return self.processes.run_all(calls)
        from kuke_ctr.processes.answers import recorded_of  # late: a fleet or a replay

        return recorded_of(self.processes, calls)

    def pass_on(self, said: bytes) -> None:
        """What ctr said on stderr, as notices: each of its lines is one."""
        if said.strip():
            for line in said.decode(errors="replace").rstrip("\n").split("\n"):
                self.notice(line)

    def failure(self, result: Result) -> KukeCtrError:
        """The error for a call that ended with another exit code than 0."""
        from kuke_ctr.backends.ctr.failures import failure_of  # late: most calls succeed

        return failure_of(result, typed=self.typed)

    def version(self) -> str:
        """What `ctr --version` says in short (`ctr 1.6.20`), or `ctr` where it does not say.

        It is asked once.
        """
        if not self._version:
            self._version.append(self._ask_version())
        return self._version[0]

    def _ask_version(self) -> str:
        argv = (*self.words, "--version")
        try:
            said = self.processes.run(Call(argv, timeout=self.timeout, probe=True, far=self.far))
        except (CtrFailed, Unreadable):  # not recorded, perhaps
            return "ctr"
        words = said.stdout.decode(errors="replace").split()  # ctr containerd.io v1.6.20
        return f"ctr {words[-1].removeprefix('v')}" if words else "ctr"

    def machine(self) -> str:
        """The architecture of this host as its kernel names it: x86_64, aarch64.

        Another host is asked once, by `uname -m`, a probe. KukeCtrError where that says nothing.
        """
        if self.far is None:
            return platform.machine()
        if not self._machine:
            call = Call(("uname", "-m"), timeout=self.timeout, probe=True, far=self.far)
            said = self.processes.run(call)
            name = said.stdout.decode(errors="replace").strip()
            if said.exit_code != 0 or not name:
                raise KukeCtrError(f"`uname -m` on {self.far} does not name its architecture")
            self._machine.append(name)
        return self._machine[0]


def lines_of(data: bytes) -> Iterator[str]:
    """The lines of ctr's output, split at newlines only; bytes that are not UTF-8 survive."""
    text = data.decode(errors="surrogateescape")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return iter(lines)
