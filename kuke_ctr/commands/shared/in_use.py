"""The question before something is removed that somebody uses: who it is, in a sentence."""

from collections.abc import Mapping, Sequence

from kuke_ctr.commands.shared.confirm import confirm
from kuke_ctr.commands.shared.output import note
from kuke_ctr.recipes.used_by import User
from kuke_ctr.session import OpenRealm, Session

_SHOWN = 5
_ROLES = {"config": "the config", "content": "a part", "unpacked": "the unpacked files"}


def ask_about_users(
    session: Session, realm: OpenRealm, users: Mapping[str, Sequence[User]], *, yes: bool
) -> None:
    """Name the users of each thing, and ask; nothing is asked where there are none.

    Raises as `confirm`. A dry run only tells.
    """
    used = {name: found for name, found in users.items() if found}
    if not used or yes:
        return
    told = [f"{name} is in use: {_sentence(realm, found)}" for name, found in used.items()]
    if len(told) > 1 or session.options.dry_run:
        for one in told:
            note(one)
    summary = told[0]
    if len(told) > 1:
        summary = f"{len(used)} of {len(users)} are in use: {', '.join(used)}"
    confirm(session, summary, yes=yes)


def _sentence(realm: OpenRealm, users: Sequence[User]) -> str:
    # those whose loss is near come first
    ordered = sorted(users, key=lambda user: user.namespace != realm.namespace)
    leases = [user.name for user in users if user.kind == "lease" and not user.how]
    parts = [
        reason_of(realm, user) for user in ordered[:_SHOWN] if user.kind != "lease" or user.how
    ]
    if leases:
        parts.append(
            "a lease may be the only thing that keeps it (ctr does not say which one): "
            + ", ".join(leases[:_SHOWN])
        )
    more = len(users) - len(leases) - _SHOWN
    return "; ".join(parts) + (f"; and {more} more" if more > 0 else "")


def reason_of(realm: OpenRealm, user: User) -> str:
    """Why a thing is needed, in a sentence: `it has the files of the container web`."""
    name = user.name
    where = f" in namespace {user.namespace}"
    ours = user.namespace == realm.namespace
    whole = "" if ours else " (that image is not affected)"
    role = _ROLES.get(user.how, f"a {user.how}")
    texts = {
        "image": f"{role} of the image {name}{where}{whole}",
        "content": f"{role} of the content {name}, which belongs to no image{where}",
        "container": f"it has the files of the container {name}",
        "snapshot": f"the snapshot {name} is on top of it, so containerd will refuse",
        "mount": f"it is mounted on {name}",
        "lease": f"the lease {name} keeps it"
        if user.how
        else f"the lease {name} may be the only thing that keeps it",
    }
    unread = f"the namespace {user.namespace} could not be searched completely ({name})"
    return texts.get(user.kind, unread)
