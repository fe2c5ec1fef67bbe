"""What there is in realms, by records and containerd: read for `cells` and `tree`."""

from collections.abc import Sequence

from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import KukeCtrError
from kuke_ctr.kukeon.cells import ignored_folders
from kuke_ctr.recipes.cells import Present, Survey, present_in, survey
from kuke_ctr.session import OpenRealm, Session


def surveys(
    session: Session, realms: Sequence[OpenRealm], *, every: bool = False
) -> tuple[list[tuple[OpenRealm, Present, Survey]], list[KukeCtrError]]:
    """Each realm with what containerd and all have of it, and under -A what could not be read.

    What only records or only containerd can tell is a warning; `every` as in `recipes.cells`. The
    error of one realm alone is raised.
    """
    now = present_in(session.host, [realm.namespace for realm in realms])
    _warn(realms, now)
    for realm in realms:
        for folder in ignored_folders(session.host.settings.run_path, realm.resolution):
            note(
                f"warning: the records below {folder} are ignored, because others than root may "
                "write there"
            )
    found: list[tuple[OpenRealm, Present, Survey]] = []
    errors: list[KukeCtrError] = []
    for realm, present in zip(realms, now, strict=True):
        try:
            one = survey(members_of(realm), present, every=every)
        except KukeCtrError as error:
            if not session.options.all_realms:
                raise
            errors.append(error)
            continue
        if one.unread is not None:
            note(
                f"warning: the records of {realm.described} are not known: "
                f"{one.unread.message}; cells are those that containers name"
            )
        found.append((realm, present, one))
    return found, errors


def _warn(realms: Sequence[OpenRealm], now: Sequence[Present]) -> None:
    """Say once what was wrong with containerd, for all realms of which it is true."""
    of: dict[str, list[OpenRealm]] = {}
    for realm, present in zip(realms, now, strict=True):
        if present.error is not None:
            of.setdefault(present.error.message, []).append(realm)
    for said, those in of.items():
        names = ", ".join(realm.name for realm in those)
        which = those[0].described if len(those) == 1 else f"realms {names}"
        note(f"warning: what runs in {which} is not known: {said}")
