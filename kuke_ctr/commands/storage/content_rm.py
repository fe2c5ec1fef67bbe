"""kuke-ctr content label, rm, prune"""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import content, versions
from kuke_ctr.commands.shared.confirm import Yes, confirm, counted, each, some
from kuke_ctr.commands.shared.ctr_flags import WithExtra, extra_flags, flags
from kuke_ctr.commands.shared.in_use import ask_about_users
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.option_table import EXTRA, IN_REALM, NAMES
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.commands.storage.content import near_content
from kuke_ctr.errors import CtrFailed, NotFound
from kuke_ctr.recipes.content_graph import Store
from kuke_ctr.recipes.used_by import User, users_of_content
from kuke_ctr.records import Blob
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()

_SHOWN = 5


@app.command("label")
@takes(IN_REALM, NAMES)
def label(
    session: Session,
    digest: Annotated[
        str, typer.Argument(metavar="DIGEST", help="A digest, or the beginning of one.")
    ],
    labels: Annotated[
        list[str], typer.Argument(metavar="KEY=VALUE...", help="Labels; KEY= removes one.")
    ],
) -> None:
    """Set labels of a blob; `KEY=` removes one.

    Labels that start with containerd.io/gc. decide what containerd removes.

    Examples:

        kuke-ctr content label -r main sha256:e60a441b201a team=a
        kuke-ctr content label -r main e60a441b201a team=

    Runs `ctr content label DIGEST KEY=VALUE...`; for a shortened digest `ctr content ls -q` first.
    """
    words = checked_labels(labels)
    realm = session.realm(changing=True)
    whole = content.whole_digest(realm.scope, digest)
    with near_content(realm, whole):
        said = realm.scope.change("content", "label", whole, *words)
    if not said.planned:
        print(whole)


@app.command("rm", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def rm(
    session: Session,
    digests: Annotated[
        list[str], typer.Argument(metavar="DIGEST", help="Digests, or their beginnings.")
    ],
    yes: Yes = False,
) -> None:
    """Remove content of a realm; asks if an image of any namespace needs it.

    A missing blob is exit code 3. With --yes the users are not searched.

    Examples:

        kuke-ctr content rm -r main sha256:e60a441b201a
        kuke-ctr content rm -r main e60a441b201a --dry-run

    Runs `ctr content rm DIGEST`, after `ctr images ls`, `ctr content ls` and if necessary `ctr
    content get` in every namespace.
    """
    realm = session.realm(removing=True)
    extra = extra_flags(session)
    gone: dict[str, NotFound] = {}
    wanted = dict.fromkeys(_wholes(realm, digests, gone))
    if not yes:
        there = [digest for digest in wanted if digest not in gone]
        users = _users(session, realm, there)
        for digest in there:
            if digest not in users:
                gone[digest] = NotFound(digest)
        ask_about_users(session, realm, users, yes=yes)

    def remove(digest: str) -> None:
        with near_content(realm, digest):
            if digest in gone:
                raise gone[digest]
            content.remove(realm.scope, digest, extra)

    each(wanted, remove, session)


def _users(session: Session, realm: OpenRealm, digests: Sequence[str]) -> dict[str, list[User]]:
    if not digests:
        return {}
    return users_of_content(realm.scope, session.host.namespaces, digests)


def _wholes(realm: OpenRealm, texts: Sequence[str], gone: dict[str, NotFound]) -> Iterator[str]:
    """The whole digests; what there is not goes to `gone`, under the text that was given."""
    for text in texts:
        try:
            yield content.whole_digest(realm.scope, text)
        except NotFound as error:
            gone[text] = error
            yield text


@app.command("prune", cls=WithExtra)
@takes(IN_REALM, NAMES, EXTRA)
def prune(
    session: Session,
    asynchronous: Annotated[
        bool, typer.Option("--async", help="Do not wait until containerd has removed them.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Save space: remove the compressed layers of images that are unpacked.

    Containers keep running, and new ones can be created. But the images cannot be pushed, exported
    or unpacked again until they are pulled again. Lists what will be removed and asks; prints the
    removed digests.

    Examples:

        kuke-ctr content prune -r main --dry-run
        kuke-ctr content prune -r main --yes

    Runs `ctr content prune references` (ctr 1.5 and later).
    """
    versions.require(session.ctr, "content", "prune")
    realm = session.realm(removing=True)
    words = (*flags(**{"async": asynchronous}), *extra_flags(session))
    store = Store(realm.ctr, [realm.namespace])
    layers = store.only_layers(realm.namespace)
    where = realm.described
    if realm.namespace in store.unread:
        raise CtrFailed(
            f"the content of {where} could not be read: {store.unread[realm.namespace]}",
            hint=f"{realm.scope.line('content', 'ls')} shows the rows",
        )
    if not layers:
        realm.require_namespace()
        note(f"{where} has no layer that can be removed")
        return
    losing = store.images_with(realm.namespace, layers)
    question = (
        f"{_counted(layers)} of {where} will be removed ({_named(layers)}), and "
        f"{counted(len(losing), 'image')} will be incomplete: {some(losing, _SHOWN)}"
    )
    if session.options.dry_run:
        note(question)
    confirm(session, question, yes=yes)
    before = [] if session.options.dry_run else content.digests(realm.scope)
    realm.scope.change("content", "prune", "references", *words)
    if session.options.dry_run:
        return
    if asynchronous:
        note("containerd removes them later")
        return
    after = set(content.digests(realm.scope))
    for digest in before:
        if digest not in after:
            print(digest)
    left = [blob for blob in layers if blob.digest in after]
    if left:
        note(f"{_counted(left)} not removed, because something else needs it ({_named(left)})")


def _counted(blobs: Sequence[Blob]) -> str:
    size = sum(blob.size_bytes or 0 for blob in blobs)
    return f"{counted(len(blobs), 'layer')} (about {size / 1000000.0:.1f} MB)"


def _named(blobs: Sequence[Blob]) -> str:
    return some([blob.digest for blob in blobs], _SHOWN)
