"""What cannot be had through ssh: it needs the files or the processes of this host itself."""

from kuke_ctr.errors import UsageError
from kuke_ctr.processes.far import Far
from kuke_ctr.processes.shell_words import shell_line

_MOUNTS = "a mount is made on the host that kuke-ctr runs on"
NEEDS_HERE = {
    "everyday.cp": "cp reads and writes the files of containers through /proc",
    "images.mount": _MOUNTS,
    "storage.snapshots_rm:mount": _MOUNTS,
    "host.ctr": "ctr takes the place of kuke-ctr, which then cannot end it on the other host",
    "host.nerdctl": "nerdctl takes the place of kuke-ctr, which then cannot end it on the other "
    "host",
}
"""Module of `commands/`, or one command of it -> why there is no --host."""


def refuse_far(module: str, command: str, far: Far) -> None:
    """UsageError for a command (a function) of this module, where it is asked of another host."""
    room = module.partition(".commands.")[2]
    why = NEEDS_HERE.get(room) or NEEDS_HERE.get(f"{room}:{command}")
    if why is not None:
        hint = f"`{shell_line(far.words)}`, and use kuke-ctr or ctr there"
        raise UsageError(f"this command is not possible with --host: {why}", hint=hint)


def only_there(far: Far, name: str) -> UsageError:
    """The error for a container whose terminal kuketty holds, on a far host."""
    ssh = shell_line((*far.words[:1], "-t", *far.words[1:]))
    return UsageError(
        f"{name} is attachable: kuketty on {far} holds its terminal, and its socket cannot be "
        "reached through ssh",
        hint=f"`{ssh} kuke-ctr attach {name}`, or with Kukeon's own client: `{ssh} kuke attach`",
    )
