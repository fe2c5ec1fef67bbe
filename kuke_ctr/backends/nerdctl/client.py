"""nerdctl on one host: builds the argv of a call, runs it, and turns a failure into an error."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kuke_ctr.errors import KukeCtrError
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.runner import Processes

NO_NAMESPACE = "default"
"""The namespace of a call that is about none: it must be explicit all the same."""


@dataclass(frozen=True, slots=True)
class Nerdctl:
    """The nerdctl of one host.

    `program` is its name or path, `address` the socket of containerd. Address and namespace stand
    in every call, and come before CONTAINERD_ADDRESS, CONTAINERD_NAMESPACE and nerdctl.toml, which
    decide what is left: where nerdctl keeps its files, how it finds registries and networks.
    `timeout` is the time limit of a reading call in seconds (None: no limit) and `change_timeout`
    that of a changing one, `notice` gets the stderr of a call that succeeded, `typed` are the
    options by which the user named the host, for hints. `known_version` is filled by
    `versions.version`.
    """

    processes: Processes
    program: str
    address: str
    timeout: float | None
    notice: Callable[[str], None]
    change_timeout: float | None = None
    typed: tuple[str, ...] = ()
    known_version: list[str] = field(default_factory=list)

    def argv(
        self, *words: str, namespace: str = NO_NAMESPACE, data_root: str | None = None
    ) -> tuple[str, ...]:
        """The whole argv of a call; `words` are verb, flags and then positionals.

        `data_root` is where nerdctl keeps what containerd does not know (logs, names), where it is
        known to be another place than nerdctl.toml says.
        """
        root = ("--data-root", data_root) if data_root is not None else ()
        scope = ("--address", self.address, "--namespace", namespace)
        return (self.program, *scope, *root, *words)

    def call(
        self,
        *words: str,
        namespace: str = NO_NAMESPACE,
        data_root: str | None = None,
        probe: bool = False,
    ) -> Call:
        """A call with this host's socket and time limit."""
        return Call(
            self.argv(*words, namespace=namespace, data_root=data_root),
            timeout=self.timeout,
            socket=self.address,
            probe=probe,
            namespace=namespace,
            typed=self.typed,
        )

    def as_typed(self, words: Sequence[str], *, namespace: str, asks: bool = True) -> Call:
        """A call with words that somebody typed, without a time limit.

        `asks` is false where it does not speak to containerd.
        """
        call = self.call(*words, namespace=namespace)
        return call._replace(timeout=None, socket=self.address if asks else None)

    def run(self, *words: str, namespace: str = NO_NAMESPACE, probe: bool = False) -> Result:
        """Run one call; an exit code other than 0 is an error."""
        return self.checked(self.processes.run(self.call(*words, namespace=namespace, probe=probe)))

    def change(self, *words: str, namespace: str) -> Result:
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

    def answers(self, calls: Sequence[Call]) -> list[Result | None]:
        """What the calls gave, side by side; None for one that a recording does not have."""
        if not self.processes.replays:
            return list(self.processes.run_all(calls))
        from kuke_ctr.processes.answers import recorded_of  # late: a fleet or a replay

        return recorded_of(self.processes, calls)

    def pass_on(self, said: bytes) -> None:
        """What nerdctl logged, as notices; what is no news for a user is left out."""
        from kuke_ctr.backends.nerdctl.failures import warnings_in

        for line in warnings_in(said):
            self.notice(line)

    def failure(self, result: Result) -> KukeCtrError:
        """The error for a call that ended with another exit code than 0."""
        from kuke_ctr.backends.nerdctl.failures import failure_of  # late: most calls succeed

        return failure_of(result, typed=self.typed)
