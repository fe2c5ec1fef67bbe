"""What the shared options of one invocation said."""

from typing import NamedTuple, Self

from kuke_ctr.processes.far import Far
from kuke_ctr.render import Output

FANOUT = 64
"""How many hosts are asked side by side where --fanout does not say."""

_OF_HOST = ("host", "address", "ctr", "run_path")


class SharedOptions(NamedTuple):
    """What the shared options said; None and False where they were not given."""

    realm: str | None = None
    namespace: str | None = None
    address: str | None = None
    run_path: str | None = None
    manifest: str | None = None
    ctr: str | None = None
    backend: str | None = None
    nerdctl: str | None = None
    all_realms: bool = False
    output: Output | None = None
    quiet: bool = False
    columns: tuple[str, ...] = ()
    sort_by: str | None = None
    headers: bool = True
    partial: bool = False
    watch: float | None = None
    trace: int = 0
    dry_run: bool = False
    timeout: float | None = None
    record: str | None = None
    record_append: bool = False
    record_env: bool = False
    replay: str | None = None
    extra: tuple[str, ...] = ()
    hosts: str | None = None
    fanout: int = FANOUT
    fold: bool = True
    host: str | None = None

    def of_host(self) -> tuple[str, ...]:
        """The options that name the host, for hints: `("--address", "/run/k3s/c.sock")`."""
        given = {f"--{key.replace('_', '-')}": getattr(self, key) for key in _OF_HOST}
        return tuple(word for name, value in given.items() if value for word in (name, value))

    def about(self, far: Far | None) -> Self:
        """The same with the other host that was chosen, also where no option chose it."""
        return self if far is None else self._replace(host=str(far))
