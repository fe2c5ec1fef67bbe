"""kuke-ctr inspect"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import containers, images
from kuke_ctr.commands.containers.secrets import hiding
from kuke_ctr.commands.images.inspect import broken
from kuke_ctr.commands.images.references import no_image
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.kukeon import members_of
from kuke_ctr.commands.shared.missing import missing_container
from kuke_ctr.commands.shared.option_table import IN_REALM, document_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import print_lines, show_error
from kuke_ctr.commands.shared.short_ids import known_names, only_one, tell
from kuke_ctr.errors import KukeCtrError, NotFound, Unreadable, UsageError
from kuke_ctr.kukeon.lookup import How
from kuke_ctr.parse.container_info import ContainerInfo
from kuke_ctr.parse.json_text import read_json
from kuke_ctr.processes.environments import masked
from kuke_ctr.processes.proc import PROC
from kuke_ctr.recipes import image_inspect
from kuke_ctr.recipes.container_inspect import Inspector
from kuke_ctr.recipes.image_names import whole_refs
from kuke_ctr.recipes.process_facts import seen_by_us
from kuke_ctr.recipes.sources import Source, source_of
from kuke_ctr.records import ContainerDetails, Image, ImageDetails, Record, Task
from kuke_ctr.render import Output, document, to_json, to_yaml
from kuke_ctr.session import OpenRealm, Session

app = typer.Typer()


class Kind(StrEnum):
    """What a word names."""

    CONTAINER = "container"
    IMAGE = "image"


@app.command()
@takes(IN_REALM, document_options(Output.JSON, Output.JSONL, Output.YAML))
def inspect(
    session: Session,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID|REF",
            help="Containers, each by its id or [[SPACE/]STACK/]CELL[/CONTAINER] of a Kukeon cell; "
            "images as `images ls` shows them.",
            min=1,
        ),
    ],
    only: Annotated[
        str | None,
        typer.Option("--type", metavar="TYPE", help="What the words name: container or image."),
    ] = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show values that came from a Kukeon Secret.")
    ] = False,
) -> None:
    """Show all that is known of containers or images: an array with a document for each.

    Of a container: its cell, task, process, environment, image configuration, snapshot, mounts,
    namespaces, cgroup and log file. Of an image: what `images inspect` shows. A word that names
    both is the container; --type image chooses the image.

    Examples:

        kuke-ctr inspect -r main web
        kuke-ctr inspect -r main --type image docker.io/library/busybox:1.36 -o yaml

    Runs `ctr containers ls -q`, `ctr containers info` of each, `ctr tasks ls`, `ctr images ls
    name==REF`, `ctr content ls digest==DIGEST...` and `ctr content get DIGEST`; with --backend
    nerdctl `nerdctl container inspect` and `nerdctl image inspect`, and ctr for the content.
    Records: ContainerDetails, ImageDetails.
    """
    kind = _kind(only)
    realm = session.realm()
    source = source_of(session.host, realm.namespace, "inspect")
    asked = _sorted_out(realm, source, list(dict.fromkeys(words)), kind)
    details = _details(session, realm, source, asked, show_secrets=show_secrets)
    there = [details[word] for word in words if word in details]
    _print_documents(there, session.options.output)
    gone = [word for word in dict.fromkeys(words) if word not in details]
    errors: list[KukeCtrError] = [
        _missing(realm, asked.containers.get(word, word), kind) for word in gone
    ]
    errors += [broken(one) for one in there if isinstance(one, ImageDetails) and not one.complete]
    sys.stdout.flush()
    for error in errors:
        show_error(scoped(error, session.options))
    if errors:
        raise typer.Exit(max(error.exit_code for error in errors))


def _kind(text: str | None) -> Kind | None:
    if text is None or text in list(Kind):
        return None if text is None else Kind(text)
    raise UsageError(
        f"unknown type {text!r}", hint="--type takes container or image; without it both are tried"
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the words name: ids of containers, and images; a word may name nothing."""

    containers: Mapping[str, str]
    images: Mapping[str, Image]


def _sorted_out(
    realm: OpenRealm, source: Source, words: Sequence[str], kind: Kind | None
) -> _Asked:
    """A container by its id or by a name of its cell, else an image, else the front of an id."""
    meant: dict[str, tuple[str, How | None]] = {}
    if kind is not Kind.IMAGE:
        names = known_names(realm, source.container_names())
        meant = {word: only_one(realm, word, names) for word in words}
    sure = {word: one for word, (one, how) in meant.items() if how not in (None, How.FRONT)}
    found: dict[str, Image] = {}
    if kind is not Kind.CONTAINER:
        rest = [word for word in words if word not in sure]
        answers = source.images(whole_refs(realm.scope, rest)) if rest else []
        found = {word: one for word, one in zip(rest, answers, strict=True) if one is not None}
    fronts = {
        word: one for word, (one, how) in meant.items() if how is How.FRONT and word not in found
    }
    for word, one in (sure | fronts).items():
        if word != one:
            tell(word, one)
    return _Asked(sure | fronts, found)


def _details(
    session: Session, realm: OpenRealm, source: Source, asked: _Asked, *, show_secrets: bool
) -> dict[str, Record]:
    """The details of what the words name; without the containers that have gone."""
    known = list(source.documents(dict.fromkeys(asked.containers.values())))
    seen = _images(
        realm, source, {info.image for info, _ in known if info.image}, asked.images.values()
    )
    details: dict[str, Record] = {}
    for word, image in asked.images.items():
        one = seen[image.ref]
        if isinstance(one, KukeCtrError):
            raise one
        details[word] = one
    if known:
        found = _containers(session, realm, source, known, seen, show_secrets=show_secrets)
        details |= {word: found[one] for word, one in asked.containers.items() if one in found}
    return details


def _containers(
    session: Session,
    realm: OpenRealm,
    source: Source,
    known: Sequence[tuple[ContainerInfo, str]],
    images: Mapping[str, ImageDetails | KukeCtrError],
    *,
    show_secrets: bool,
) -> dict[str, ContainerDetails]:
    """The details of containers, by their ids."""
    here = not realm.ctr.processes.replays and seen_by_us(session.host.settings.socket)
    inspector = Inspector(
        session.host,
        realm.resolution,
        members_of(realm),
        _tasks(source),
        images,
        PROC if here else None,
    )
    found: dict[str, ContainerDetails] = {}
    for info, text in known:
        value = read_json(text)
        hides = None if show_secrets else hiding(session, realm, info.id, text)
        shown = value if hides is None else masked(value, hides)
        found[info.id] = inspector.details(info, shown)
    return found


def _tasks(source: Source) -> Mapping[str, Task] | KukeCtrError:
    try:
        return source.tasks()
    except KukeCtrError as error:
        return error


def _images(
    realm: OpenRealm, source: Source, refs: Iterable[str], known: Iterable[Image]
) -> dict[str, ImageDetails | KukeCtrError]:
    """The images with these references, and others that were found already; or what is wrong.

    Those of containers that are not here are left out.
    """
    there = {one.ref: one for one in known}
    wanted = sorted(ref for ref in refs if ref not in there)
    try:
        there |= {one.ref: one for one in source.images(wanted) if one is not None}
        return {one.ref: one for one in image_inspect.inspect(realm.scope, list(there.values()))}
    except KukeCtrError as error:
        return dict.fromkeys((*there, *wanted), error)


def _print_documents(details: Sequence[Record], form: Output | None) -> None:
    documents = [document(one) for one in details]
    if form is Output.JSONL:
        print_lines(map(to_json, documents))
    elif form is Output.YAML:
        print_lines([to_yaml(documents)])
    else:
        print_lines([to_json(documents, indent=2)])


def _missing(realm: OpenRealm, word: str, kind: Kind | None) -> KukeCtrError:
    """The error for a word that names nothing: an image's name has a tag or a registry."""
    if kind is Kind.IMAGE:
        return no_image(realm, [word], images.names(realm.scope))
    realm.require_namespace()
    refs = images.names(realm.scope) if kind is None else []
    found: NotFound
    if kind is None and (":" in word or any(word in ref for ref in refs)):
        found = no_image(realm, [word], refs)
    else:
        existing = containers.names(realm.scope)
        if word in existing:
            return Unreadable(f"`ctr containers info {word}` could not be read")
        found = missing_container(realm, word, existing, NotFound(word))
    if kind is Kind.CONTAINER or not found.message.startswith("there is no"):
        return found
    return found.but(message=f"there is no container and no image {word} in {realm.described}")
