"""`exec` through nerdctl."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from kuke_ctr.backends.ctr import tasks
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.backends.nerdctl.processes import exec_code
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.recipes.nerdctl_foreground import on_pipes, on_terminal
from kuke_ctr.recipes.nerdctls_changes import NerdctlsOwn
from kuke_ctr.recipes.start import Outcome
from kuke_ctr.terminals.attachment import AttachOptions
from kuke_ctr.terminals.foreground import UserStreams


@dataclass
class NerdctlExec:
    """One `nerdctl exec` in a container that nerdctl has made; nerdctl gives it an exec id."""

    own: NerdctlsOwn
    scope: Scope
    name: str
    _before: frozenset[str] = field(default_factory=frozenset)

    def run(
        self,
        flags: Sequence[str],
        command: Sequence[str],
        *,
        tty: bool,
        interactive: bool,
        timeout: float | None,
    ) -> Outcome:
        """`nerdctl exec [FLAG]... -- ID CMD...`; raises what kept it from starting.

        The outcome has the exec id, where nerdctl's FIFOs were seen.
        """
        how = ("--tty", "--interactive") if tty else ("--interactive",) if interactive else ()
        call = self.own.call("exec", *how, *flags, "--", name=self.name, behind=command)
        self._before = self._exec_ids()
        if tty:
            options = AttachOptions(keys=b"", timeout=timeout, last_typed=b"\x04")
            return on_terminal(self.own.nerdctl, call, options, exec_code)
        streams = UserStreams(take_input=interactive, timeout=timeout)
        return on_pipes(self.own.nerdctl, call, streams, self._started, exec_code)

    def _started(self) -> bool:
        """Whether it seems to run: that of somebody else may have begun in the same moment."""
        return bool(self._exec_ids() - self._before)

    def _exec_ids(self) -> frozenset[str]:
        if self.scope.ctr.processes.dry_run:
            return frozenset()
        with suppress(KukeCtrError):
            return frozenset(
                one.exec_id for one in tasks.processes(self.scope, self.name) if one.exec_id
            )
        return frozenset()
