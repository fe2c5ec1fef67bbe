"""A host whose realm main has images that realm team has not, over a fake ctr."""

import json
from collections.abc import Collection, Iterable, Mapping

import pytest

from scripts.lib.images import INDEX, MANIFEST, Archive, Json, files
from tests.support.fake_ctr import FakeCtr
from tests.support.storage_host import blobs
from tests.support.tabwriter import ctr_table

_IMAGES = "REF\tTYPE\tDIGEST\tSIZE\tPLATFORMS\tLABELS\t"
_PINS = 'labels."kuke-ctr.io/copy"~="."'
MAIN, TEAM = "kukeon-main", "kukeon-team"


def checks(*rows: tuple[str, str, str]) -> str:
    """What `images check` prints: reference, digest, status."""
    return table(
        "REF\tTYPE\tDIGEST\tSTATUS\tSIZE\tUNPACKED\t",
        *(
            f"{ref}\t{MANIFEST}\t{digest}\t{status}\t1.0 MiB/1.0 MiB\ttrue"
            for ref, digest, status in rows
        ),
    )


def table(header: str, *rows: str) -> str:
    """What ctr prints for these cells."""
    return "".join(f"{line}\n" for line in ctr_table(header, rows))


def below(archive: Archive, top: Json) -> set[str]:
    """The digests of everything that a document leads to, itself too."""
    digest = str(top["digest"])
    found = {digest}
    if top["mediaType"] in (INDEX, MANIFEST):
        document = json.loads(archive.blobs[digest])
        config = [document["config"]] if "config" in document else []
        for child in (*document.get("manifests", ()), *config, *document.get("layers", ())):
            found |= below(archive, child)
    return found


class CopyHost:
    """Namespaces with images; `put` says what one has."""

    def __init__(self, fake: FakeCtr) -> None:
        self.fake = fake
        self.archive = Archive()
        self.names: dict[str, list[str]] = {MAIN: [], TEAM: []}

    def image(self, *platforms: str, attested: bool = False) -> Json:
        """An image: an index over the platforms, or a plain manifest for one."""
        made = [
            self.archive.manifest([files({"f": name.encode()})], runs_on=name) for name in platforms
        ]
        if len(made) == 1 and not attested:
            return made[0]
        more = [self.archive.attestation(made[0])] if attested else []
        return self.archive.index([*made, *more])

    def put(
        self,
        namespace: str,
        top: Json,
        ref: str,
        *,
        missing: Collection[object] = (),
        status: str = "complete (2/2)",
        media_type: str | None = None,
    ) -> None:
        """Let a namespace have an image, but for the blobs that are `missing`."""
        digest = str(top["digest"])
        self.names.setdefault(namespace, []).append(ref)
        row = f"{ref}\t{media_type or top['mediaType']}\t{digest}\t1.0 MiB\tlinux/amd64\t-\t"
        self.on(namespace, "images", "ls", f"name=={ref}", stdout=table(_IMAGES, row))
        self.on(namespace, "images", "ls", "-q", f"name=={ref}", stdout=f"{ref}\n")
        self.on(namespace, "images", "check", f"name=={ref}", stdout=checks((ref, digest, status)))
        self.on(namespace, "content", "ls", f"digest=={digest}", stdout=blobs({digest: "-"}))
        self.on(namespace, "content", "ls", "-q", f"digest=={digest}", stdout=f"{digest}\n")
        self.has(namespace, below(self.archive, top), missing)
        for one in below(self.archive, top):
            text = self.archive.blobs[one]
            if text[:1] == b"{" and one not in missing:
                self.on(namespace, "content", "get", one, stdout=text.decode())

    def has(self, namespace: str, digests: Iterable[str], missing: Collection[object] = ()) -> None:
        """Which of the digests a namespace has, when it is asked for all of them."""
        wanted = sorted(digests)
        listed = "".join(f"{one}\n" for one in wanted if one not in missing)
        filters = [f"digest=={one}" for one in wanted]
        self.on(namespace, "content", "ls", "-q", *filters, stdout=listed)

    def on(self, namespace: str, *words: str, stdout: str = "", **more: object) -> None:
        self.fake.answer("-n", namespace, *words, stdout=stdout, **more)  # type: ignore[arg-type]

    def ready(self) -> None:
        """Answer which namespaces there are, and which names each has."""
        self.fake.answer("namespaces", "ls", "-q", stdout="".join(f"{x}\n" for x in self.names))
        for namespace, refs in self.names.items():
            self.on(namespace, "images", "ls", "-q", stdout="".join(f"{ref}\n" for ref in refs))
            for quiet in ((), ("-q",)):
                self.on(
                    namespace, "content", "ls", *quiet, _PINS, stdout="" if quiet else blobs({})
                )
            for ref in {ref for names in self.names.values() for ref in names} - set(refs):
                self.lacks(namespace, ref)

    def lacks(self, namespace: str, ref: str) -> None:
        """What the calls about an image answer where there is none."""
        name = f"name=={ref}"
        self.on(namespace, "images", "ls", name, stdout=table(_IMAGES))
        self.on(namespace, "images", "ls", "-q", name)
        self.on(namespace, "images", "check", name)


@pytest.fixture
def copy_host(fake_ctr: FakeCtr) -> CopyHost:
    """Two realms, main and team, with nothing in them yet."""
    return CopyHost(fake_ctr)


def lines_of(out: str) -> Mapping[str, list[str]]:
    """The lines of a dry run by what they do: ingest, label, import, rm."""
    found: dict[str, list[str]] = {}
    for line in out.splitlines():
        words = line.split()
        if words[0] == "env" or words[0].endswith("ctr"):
            verb = next(word for word in words if word in ("ingest", "label", "import", "rm"))
            found.setdefault(verb, []).append(line)
    return found
