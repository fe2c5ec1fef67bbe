"""The recorder of one invocation: what it masks, and which version it names, is known late."""

from collections.abc import Sequence
from pathlib import Path

from kuke_ctr.kukeon.secrets import masks
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.processes.calls import Call
from kuke_ctr.processes.recorder import Recorder
from kuke_ctr.processes.runner import Processes


def recorder(
    folder: str, settings: Sequence[Settings], *, append: bool, keep_env: bool
) -> Recorder:
    """A recorder into this folder; `settings` is empty as long as they are being read."""
    plain = Processes()

    def version() -> str | None:
        if not settings:
            return None
        words, far = settings[0].ctr, settings[0].far
        said = plain.run(Call((*words, "--version"), probe=True, far=far))
        return str(said.stdout.decode(errors="replace").strip().split(" ")[-1])

    return Recorder(
        Path(folder),
        append=append,
        mask_env=masks(lambda: settings[0].run_path, keep_env=keep_env),
        version=version,
    )
