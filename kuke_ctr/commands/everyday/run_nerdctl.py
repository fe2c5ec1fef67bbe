"""`kuke-ctr run` through nerdctl: the same options, where it has them, and the same answers."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kuke_ctr.backends.ctr import containers, images
from kuke_ctr.backends.ctr.container_flags import RUN, flags_of
from kuke_ctr.backends.ctr.filters import equal, equal_label
from kuke_ctr.backends.nerdctl import versions
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.processes import Ended, run_code
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.container_flags import ContainerFlags
from kuke_ctr.commands.shared.ctr_flags import flags as words_for
from kuke_ctr.commands.shared.kukeon import note_labels, refuse_id
from kuke_ctr.commands.shared.launch import print_id
from kuke_ctr.errors import KukeCtrError, NotFound, UsageError
from kuke_ctr.parse.container_info import RUN_LABEL
from kuke_ctr.parse.image_names import whole_name
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.patience import patient
from kuke_ctr.recipes import start
from kuke_ctr.recipes.image_names import whole_ref
from kuke_ctr.recipes.nerdctl_foreground import on_pipes, on_terminal
from kuke_ctr.recipes.run import name_for
from kuke_ctr.recipes.start import Outcome
from kuke_ctr.records import TaskStatus
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.attachment import AttachOptions
from kuke_ctr.terminals.foreground import UserStreams

if TYPE_CHECKING:
    from kuke_ctr.commands.everyday.run import Wish

_SAME = {
    **{name: name for name in ("user", "hostname", "cpus", "privileged", "read_only", "platform")},
    **{name: name for name in ("cap_add", "cap_drop", "runtime", "label")},
    "cwd": "workdir",
    "memory_limit": "memory",
}
"""Our parameters that are flags of nerdctl's, by its name of them."""

_NEVER_RAN = (start.ABSENT, TaskStatus.CREATED)
"""The states of a task whose process has never been started: a failed start leaves these."""


@dataclass
class NerdctlRun:
    """One `nerdctl run`; the container is known by a label with the token of this run."""

    session: Session
    realm: OpenRealm
    nerdctl: Nerdctl
    wish: "Wish"
    token: str

    def run(self) -> int:
        """`nerdctl run --pull never --net none FLAG... -- IMAGE CMD...`; the exit code.

        What did not start is removed. Raises what was in the way.
        """
        image = whole_ref(self.realm.scope, self.wish.image)
        self._refuse_another(image)
        refuse_id(self.realm, self.wish.name)
        call = self._call(image, name_for(self.realm.scope, image, self.wish.name))
        try:
            with self._undone():
                if self.wish.how.detach:
                    return self._detached(call)
                with patient():
                    outcome = self._attended(call)
        except NotFound as error:
            existing = images.names(self.realm.scope)
            if image in existing:
                raise
            raise no_image(self.realm, [image], existing, error, needed=True) from None
        if not outcome.finished:
            self._tell_that_it_runs(outcome)
        return outcome.exit_code

    def _refuse_another(self, image: str) -> None:
        """UsageError for `app:1` where docker.io/library/app:1 is here too: nerdctl takes that."""
        whole = whole_name(image)
        if whole == image:
            return
        found = images.names(self.realm.scope, equal("name", image), equal("name", whole))
        if {image, whole} <= set(found):
            raise UsageError(
                f"nerdctl may run {whole} for {image}; nothing was started",
                hint="--backend ctr runs the image that was named",
            )

    def _call(self, image: str, name: str) -> Call:
        wish, how = self.wish, self.wish.how
        given = wish.flags.given
        same = {ours: given[name] for name, ours in _SAME.items()}
        if wish.flags.text("memory_limit") is not None:
            same["memory"] = _memory(wish.flags)
        net = "host" if wish.flags.on("net_host") else "none"
        switches = words_for(
            rm=wish.rm, detach=how.detach, tty=how.tty, interactive=how.interactive or how.tty
        )
        note_labels(wish.flags.texts("label"))
        label = ("--label", f"{RUN_LABEL}={self.token}")
        words = ("--pull", "never", "--net", net, "--name", name, *label, *switches)
        env, env_file = wish.environment
        folders = [os.path.abspath(one) for one in wish.volume]  # noqa: PTH100 (SRC:DST)
        more = words_for(env=env, env_file=env_file, volume=folders, entrypoint=wish.entrypoint)
        flags = (*words_for(**same), *more)
        call = self.nerdctl.call(
            "run", *words, *flags, "--", image, *wish.command, namespace=self.realm.namespace
        )
        return call._replace(timeout=self.session.options.timeout or None)

    def _detached(self, call: Call) -> int:
        said = self.nerdctl.processes.run(call)
        if said.planned:
            return 0
        if said.exit_code != 0:
            self._code(call, Ended(said.stderr, said.exit_code))
            raise self.nerdctl.failure(said)
        self.nerdctl.pass_on(said.stderr)
        identifier = said.stdout.decode(errors="replace").strip()
        line = self.realm.scope.line
        kills = f"{line('rm', '--force', identifier)} kills and removes it"
        print_id(identifier, f"the container {identifier}", kills)
        return 0

    def _attended(self, call: Call) -> Outcome:
        limit, how = self.session.options.timeout or None, self.wish.how
        if how.tty:
            options = AttachOptions(timeout=limit, last_typed=b"\x04")
            return on_terminal(self.nerdctl, call, options, self._code)
        streams = UserStreams(take_input=how.interactive, timeout=limit)
        return on_pipes(self.nerdctl, call, streams, self._started, self._code)

    def _code(self, call: Call, ended: Ended) -> int | None:
        """As `run_code`; what the process said itself is not taken for nerdctl's word."""
        try:
            return run_code(call, ended)
        except KukeCtrError:
            if any(status not in _NEVER_RAN for status in self._states().values()):
                return None
            raise

    def _states(self) -> dict[str, str | None]:
        """The states of the tasks of what was made, by id; as `start.task_status`."""
        return {one: start.task_status(self.realm.scope, one) for one in self._made()}

    def _started(self) -> bool:
        return any(start.task_started(self.realm.scope, one)() for one in self._made())

    def _made(self) -> list[str]:
        with suppress(KukeCtrError):
            return containers.names(self.realm.scope, equal_label(RUN_LABEL, self.token))
        return []

    @contextmanager
    def _undone(self) -> Iterator[None]:
        """What fails inside leaves no container: nerdctl keeps one that it could not start.

        One whose process did run stays, with what it wrote.
        """
        try:
            yield
        except KukeCtrError:
            with patient():
                for one, status in self._states().items():
                    if status in _NEVER_RAN:
                        self.nerdctl.change("rm", "--force", one, namespace=self.realm.namespace)
            raise

    def _tell_that_it_runs(self, outcome: Outcome) -> None:
        for one in self._made():
            stops = self.realm.scope.line("stop", one)
            why = outcome.why or "kuke-ctr has left"
            start.tell(f"kuke-ctr: {why}; {one} may still be running: {stops} stops it")


def run_by_nerdctl(session: Session, nerdctl: Nerdctl, wish: "Wish", *, create: bool | None) -> int:
    """Run it; UsageError for options that nerdctl does not have."""
    refused = [
        f"--{flag.name}"
        for flag in flags_of(RUN)
        if flag.field not in (*_SAME, "net_host") and wish.flags.given[flag.field]
    ]
    output = wish.output
    kinds = {"--log-file": output.log_file, "--null-io": output.null_io, "--fifo": output.fifo}
    refused += [name for name, given in kinds.items() if given]
    if wish.flags.text("hostname") and versions.numbers(nerdctl) < (2,):  # it would ignore it
        refused.append("--hostname")
    if refused:
        raise UsageError(
            f"nerdctl run cannot do what {', '.join(refused)} means",
            hint="leave it out, or use --backend ctr",
        )
    wish.flags.words()  # wrong usage is found before anything is made
    realm = session.realm(changing=True, create=create)
    return NerdctlRun(session, realm, nerdctl, wish, uuid.uuid4().hex[:12]).run()


def _memory(flags: ContainerFlags) -> str:
    """Bytes, by our reading of the amount."""
    words = flags.words()
    return words[words.index("--memory-limit") + 1]
