"""What nerdctl must not do: change containers of Kukeon's, or remove images that Kukeon needs.

nerdctl's `stop` writes labels to a container that it did not make, its `start` deletes the task
first, its `container prune` (1.7) removes what `kuke start` would start again.
"""

from collections.abc import Sequence
from typing import NoReturn

from kuke_ctr.backends.ctr import containers, images
from kuke_ctr.backends.ctr.filters import equal, equal_label
from kuke_ctr.backends.nerdctl.command_line import Typed
from kuke_ctr.commands.images.rm import needed_by_kukeon
from kuke_ctr.commands.shared.confirm import some
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.members import Member
from kuke_ctr.kukeon.named_images import named_images
from kuke_ctr.parse.image_names import is_untagged, whole_name
from kuke_ctr.recipes.image_users import users_of_images
from kuke_ctr.session import OpenRealm

_OURS = {"stop": "stop", "kill": "kill", "rm": "rm", "pause": "pause", "unpause": "resume"}
"""nerdctl's verbs and kuke-ctr's, which asks where a cell would be harmed."""


def refuse_harm(realm: OpenRealm, typed: Typed) -> None:
    """UsageError where the command would harm what is Kukeon's.

    `ctr containers ls -q` and `ctr containers info` of what it names, and for images what `images
    rm` asks: probes.
    """
    if typed.removes_namespaces:
        _refuse_namespaces(realm, typed)
    if typed.changes_containers and typed.names:
        _refuse_change(realm, typed)
    if typed.prunes_containers:
        _refuse_prune(realm)
    if typed.prunes_images or typed.removes_images:
        _refuse_images(realm, typed)


def _refuse_change(realm: OpenRealm, typed: Typed) -> None:
    found = members_of(realm).among(_meant(realm, typed.names)).values()
    for one in found:
        raise UsageError(
            f"{one.id} belongs to Kukeon's cell {one.cell}, and `nerdctl {typed.verb}` would "
            "change it; nothing was done",
            hint=_instead(realm, one, typed.verb),
        )


def _meant(realm: OpenRealm, words: Sequence[str]) -> list[str]:
    """The ids that nerdctl finds for these words: a name of its own, or the beginning of an id."""
    ids = containers.names(realm.scope)
    begun = [one for one in ids if one.startswith(tuple(words))]
    named = [equal_label("nerdctl/name", word) for word in words]
    return [*begun, *containers.names(realm.scope, *named)]


def _instead(realm: OpenRealm, one: Member, verb: str) -> str:
    if verb in ("start", "restart"):
        return one.start_hint
    if verb == "attach":
        return f"{realm.scope.line('attach', one.id)} attaches without harm"
    if verb in _OURS:
        ours = realm.scope.line(_OURS[verb], one.id)
        return f"Kukeon's own command is {one.kuke('stop')}; kuke-ctr's is {ours}"
    return f"Kukeon's own commands change it; {one.kuke('stop')} stops the cell"


def _refuse_prune(realm: OpenRealm) -> None:
    found = members_of(realm).among(containers.names(realm.scope)).values()
    cells = list(dict.fromkeys(one.cell for one in found))
    if cells:
        raise UsageError(
            f"this would remove stopped containers of Kukeon's cells ({some(cells)}); nothing was "
            "done",
            hint=f"{realm.scope.line('rm', '--all')} removes stopped containers, and leaves "
            "Kukeon's",
        )


def _refuse_namespaces(realm: OpenRealm, typed: Typed) -> NoReturn:
    ours = realm.ctr.line("namespaces", "rm", *typed.names)
    raise UsageError(
        "nerdctl asks nothing before it removes a namespace, and knows nothing of Kukeon's "
        "records; nothing was done",
        hint=f"{ours} looks at both, and asks",
    )


def _refuse_images(realm: OpenRealm, typed: Typed) -> None:
    existing = images.names(realm.scope)
    going = _going(realm, typed, existing)
    if not going:
        return
    records = named_images(realm.host.settings.run_path, realm.resolution)
    users = users_of_images(realm.scope, records, existing, going)
    users = {ref: found for ref, found in users.items() if ref in going}
    needed = needed_by_kukeon(realm, users, set(existing) - set(going))
    if needed:
        told = "; ".join(f"{ref}: {by}" for ref, by in needed.items())
        better = ("images", "prune", "--all") if typed.prunes_images else ("rmi", *needed)
        raise UsageError(
            f"this would remove images that Kukeon needs ({told}); nothing was done",
            hint=f"{realm.scope.line(*better)} knows what Kukeon needs",
        )


def _going(realm: OpenRealm, typed: Typed, existing: Sequence[str]) -> list[str]:
    """The images that would go: of a prune without --all those without a tag, in use or not."""
    if typed.prunes_all_images:
        return list(existing)
    if typed.prunes_images:
        return [ref for ref in existing if is_untagged(ref)]
    return _images_meant(realm, typed.names)


def _images_meant(realm: OpenRealm, words: Sequence[str]) -> list[str]:
    """The images that nerdctl finds for these words: a name, or the beginning of a digest."""
    filters = []
    for word in words:
        digest = word.removeprefix("sha256:")
        filters += [equal("name", word), equal("name", whole_name(word))]
        if digest.isalnum():
            filters.append(f'target.digest~="^sha256:{digest}"')
    return images.names(realm.scope, *filters)
