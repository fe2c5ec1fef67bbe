"""What nerdctl must not do: change containers of Kukeon's, or remove images that Kukeon needs.

nerdctl's `stop` writes labels to a container that it did not make, its `start` deletes the task
first, its `container prune` (1.7) removes what `kuke start` would start again.
"""

from collections.abc import Mapping, Sequence
from typing import NoReturn

from kuke_ctr.backends.ctr import containers, images
from kuke_ctr.backends.ctr.filters import equal, equal_label
from kuke_ctr.backends.nerdctl import verbs
from kuke_ctr.backends.nerdctl.command_line import Typed
from kuke_ctr.commands.host.nerdctl_words import refuse_words
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

_FOUND_BY_COMPOSE = ('labels."com.docker.compose.project"', 'labels."nerdctl/name"')


def refuse_harm(realm: OpenRealm, typed: Typed) -> None:
    """UsageError where the command would harm what is Kukeon's.

    `ctr containers ls -q` and `ctr containers info` of what it names, and for images what `images
    rm` asks: probes.
    """
    if typed.changes_namespaces:
        _refuse_namespaces(realm, typed)
    refuse_words(realm, typed)
    if verbs.compose_changes(typed):
        _refuse_compose(realm)
    if typed.changes_containers and typed.names:
        _refuse_change(realm, typed)
    if typed.prunes_containers:
        _refuse_prune(realm)
    if typed.prunes_images or typed.removes_images:
        _refuse_images(realm, typed)
    if names := verbs.new_names(typed):
        _refuse_new_names(realm, typed, names)


def _refuse_compose(realm: OpenRealm) -> None:
    """Compose finds containers by their labels, and an image can bring these.

    The name of its project may stand in its file, so any project counts.
    """
    labelled = containers.names(realm.scope, *_FOUND_BY_COMPOSE)
    for one in _kukeons(realm, labelled):
        raise UsageError(
            f"{one.id} belongs to Kukeon's cell {one.cell} and has labels by which compose finds "
            "containers; nothing was done",
            hint="stop or remove the containers of the project one by one: "
            f"{realm.scope.line('stop', 'ID')} or {realm.scope.line('rm', 'ID')}",
        )


def _refuse_change(realm: OpenRealm, typed: Typed) -> None:
    found = _kukeons(realm, _meant(realm, typed.names))
    for one in found:
        raise UsageError(
            f"{one.id} belongs to Kukeon's cell {one.cell}, and `nerdctl {typed.verb}` would "
            "change it; nothing was done",
            hint=_instead(realm, one, typed.verb),
        )


def _kukeons(realm: OpenRealm, names: Sequence[str]) -> list[Member]:
    """Those of the containers that are Kukeon's: by record, labels, or the form of the id alone.

    Labels of nerdctl's make no exception here: they may come from an image, and nerdctl itself
    gives no such ids.
    """
    known = members_of(realm)
    found = known.among(names)
    any_of = (found.get(name) or known.by_id(name) for name in names)
    return [one for one in any_of if one is not None]


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
    found = _kukeons(realm, containers.names(realm.scope))
    cells = list(dict.fromkeys(one.cell for one in found))
    if cells:
        raise UsageError(
            f"this would remove stopped containers of Kukeon's cells ({some(cells)}); nothing was "
            "done",
            hint=f"{realm.scope.line('rm', '--all')} removes stopped containers, and leaves "
            "Kukeon's",
        )


def _refuse_namespaces(realm: OpenRealm, typed: Typed) -> NoReturn:
    ours = {
        "removes": realm.ctr.line("namespaces", "rm", *typed.names),
        "labels": realm.ctr.line("namespaces", "label", "NAMESPACE", "KEY=VALUE"),
    }
    does = "removes" if typed.verb == "namespace rm" else "labels"
    raise UsageError(
        f"nerdctl asks nothing before it {does} a namespace, and knows nothing of Kukeon's "
        "records; nothing was done",
        hint=f"{ours[does]} looks at both, and asks" if does == "removes" else ours[does],
    )


def _refuse_images(realm: OpenRealm, typed: Typed) -> None:
    existing = images.names(realm.scope)
    needed = _needed(realm, existing, _going(realm, typed, existing))
    if needed:
        better = ("images", "prune", "--all") if typed.prunes_images else ("rmi", *needed)
        raise UsageError(
            f"this would remove images that Kukeon needs ({_told(needed)}); nothing was done",
            hint=f"{realm.scope.line(*better)} knows what Kukeon needs",
        )


def _refuse_new_names(realm: OpenRealm, typed: Typed, names: Sequence[str]) -> None:
    """UsageError where a name that Kukeon needs would mean another image from now on."""
    existing = images.names(realm.scope)
    bare = [name.partition("@")[0] for name in names]
    meant = {*names, *bare, *map(whole_name, names), *map(whole_name, bare)}
    needed = _needed(realm, existing, [ref for ref in existing if ref in meant])
    if needed:
        ours = realm.scope.line("images", "tag", "--force", "SRC", *list(needed)[:1])
        raise UsageError(
            f"`nerdctl {typed.verb}` would give another image a name that Kukeon needs "
            f"({_told(needed)}); nothing was done",
            hint=f"choose another name, and write a flag's value as --flag=VALUE; {ours} "
            "overwrites it",
        )


def _needed(realm: OpenRealm, existing: Sequence[str], going: Sequence[str]) -> dict[str, str]:
    """The images among these that Kukeon needs, and what names each."""
    if not going:
        return {}
    records = named_images(realm.host.settings.run_path, realm.resolution)
    users = users_of_images(realm.scope, records, existing, going)
    users = {ref: found for ref, found in users.items() if ref in going}
    return needed_by_kukeon(realm, users, set(existing) - set(going))


def _told(needed: Mapping[str, str]) -> str:
    return "; ".join(f"{ref}: {by}" for ref, by in needed.items())


def _going(realm: OpenRealm, typed: Typed, existing: Sequence[str]) -> list[str]:
    """The images that would go: of a prune without --all those without a tag, in use or not."""
    if typed.prunes_all_images:
        return list(existing)
    if typed.prunes_images:
        return [ref for ref in existing if is_untagged(ref)]
    if any("sha256:".startswith(word) for word in typed.names):
        return list(existing)  # every digest begins so
    return _images_meant(realm, typed.names)


def _images_meant(realm: OpenRealm, words: Sequence[str]) -> list[str]:
    """The images that nerdctl finds for these words: a name, or the beginning of a digest.

    With and without the `sha256:` of the digest.
    """
    filters = []
    for word in words:
        digest = word.removeprefix("sha256:")
        filters += [equal("name", word), equal("name", whole_name(word))]
        if digest.isalnum():
            filters.append(f'target.digest~="^sha256:{digest}"')
    return images.names(realm.scope, *filters)
