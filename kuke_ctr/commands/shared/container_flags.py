"""Options made from the table of ctr's flags, for `run` and `containers create`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.container_flags import (
    CREATE,
    WITH_CONFIG,
    ContainerFlag,
    Kind,
    flags_of,
    words_of,
)
from kuke_ctr.commands.shared.gathered import Declared, Function, gathered
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.option_table import RARE_PANEL
from kuke_ctr.errors import UsageError
from kuke_ctr.processes.far import Far
from kuke_ctr.recipes.paths import require_absolute
from kuke_ctr.recipes.volumes import absolute_source, mount_of, require_sources

_TYPES: dict[Kind, tuple[Any, object]] = {
    Kind.SWITCH: (bool, False),
    Kind.TEXT: (str | None, None),
    Kind.SEVERAL: (list[str] | None, None),
    Kind.NUMBER: (int | None, None),
    Kind.SHARE: (float | None, None),
    Kind.FILE: (str | None, None),
}


@dataclass(frozen=True, slots=True)
class ContainerFlags:
    """What was given of ctr's flags of a command, by the names of the parameters."""

    command: str
    given: Mapping[str, object]

    def text(self, name: str) -> str | None:
        """The one text behind a flag."""
        value = self.given[name]
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> list[str]:
        """All the texts behind a flag that may be repeated."""
        value = self.given[name]
        return list(value) if isinstance(value, list) else []

    def on(self, name: str) -> bool:
        """Whether a switch was given; never where the command has no such switch."""
        return self.given.get(name) is True

    def mounts(self, ctr: Ctr, volumes: Sequence[str] = ()) -> list[str]:
        """ctr's mounts, with those of docker's form; UsageError where this host lacks a source.

        And for a relative path on another host, be it that of a mount or of another flag.
        """
        if ctr.far is not None:
            self._require_absolute(ctr.far)
        mounts = [absolute_source(one, ctr.far) for one in self.texts("mount")]
        mounts += [mount_of(one, ctr.far) for one in volumes]
        if ctr.socket:  # else the host that is meant may be another one
            require_sources(mounts)
        return mounts

    def words(self, **instead: object) -> tuple[str, ...]:
        """ctr's words; `instead` replaces what was given. UsageError for what can't be."""
        given = {**self.given, **instead}
        checked_labels(self.texts("label"))
        quota = given.get("cpu_quota"), given.get("cpu_period")
        if given.get("cpus") is not None and quota != (None, None):
            raise UsageError(
                "--cpus cannot be combined with --cpu-quota or --cpu-period",
                hint="--cpus sets both",
            )
        if given.get("config") is not None:
            self._refuse_ignored()
        return words_of(self.command, given)

    def require_version(self, ctr: Ctr) -> None:
        """Raise CtrFailed for a flag that this ctr does not have yet."""
        for flag in flags_of(self.command):
            if self.given[flag.field]:
                versions.require(ctr, *self.command.split(), f"--{flag.name}")

    def _require_absolute(self, far: Far) -> None:
        for flag in flags_of(self.command):
            path = self.text(flag.field) if flag.kind is Kind.FILE else None
            if path is not None:
                require_absolute(path, f"--{flag.name}", far)

    def _refuse_ignored(self) -> None:
        ignored = [
            f"--{flag.name}"
            for flag in flags_of(CREATE)
            if _is_given(self.given[flag.field]) and flag.name not in WITH_CONFIG
        ]
        if ignored:
            refuse_beside_config(ignored)


def _is_given(value: object) -> bool:
    """Whether somebody typed it: a 0 is a value too."""
    return value is not None and value is not False and value != []


def refuse_beside_config(ignored: list[str]) -> None:
    """Raise UsageError for flags that ctr ignores beside --config."""
    raise UsageError(
        f"with --config, ctr ignores {', '.join(ignored)}",
        hint="write it into the OCI spec (`ctr oci spec` prints one to start from)",
    )


def with_container_flags(command: str) -> Callable[[Function], Function]:
    """The function with ctr's flags in its signature; it gets them as its argument `flags`."""

    def make(**given: object) -> ContainerFlags:
        return ContainerFlags(command, given)

    return gathered("flags", {flag.field: _declared(flag) for flag in flags_of(command)}, make)


def _declared(flag: ContainerFlag) -> Declared:
    kind, default = _TYPES[flag.kind]
    option = typer.Option(
        f"--{flag.name}",
        *flag.also,
        metavar=flag.metavar,
        help=flag.help,
        rich_help_panel=RARE_PANEL if flag.rare else None,
        show_default=False,
    )
    return Declared(Annotated[kind, option], default)
