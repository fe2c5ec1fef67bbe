"""Images of every kind and hostile ones, out of a content store in memory."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pytest

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.scope import Scope
from kuke_ctr.commands.images.inspect_tree import tree_lines
from kuke_ctr.processes.calls import Call, Result
from kuke_ctr.processes.runner import Processes
from kuke_ctr.recipes import image_inspect as recipe
from kuke_ctr.recipes.image_inspect import LARGEST_DOCUMENT, inspect
from kuke_ctr.records import Image, ImageDetails
from kuke_ctr.records.image_details import NodeKind
from scripts.lib import odd_images
from scripts.lib.images import CONFIG, INDEX, MANIFEST, Archive, Json, files, host_platform
from tests.support.tabwriter import ctr_table

NAMESPACE = "kukeon-main"


class Store:
    """Answers `content ls` and `content get` as containerd does; `calls` are those it got."""

    dry_run = False

    def __init__(self, blobs: Mapping[str, bytes], sizes: Mapping[str, str] | None = None) -> None:
        self.blobs = blobs
        self.sizes = sizes or {}
        self.calls: list[tuple[str, ...]] = []

    def run_all(self, calls: Sequence[Call]) -> list[Result]:
        return [self._run(call) for call in calls]

    def _run(self, call: Call) -> Result:
        assert call.probe
        head, words = call.argv[:3], call.argv[3:]
        assert head == ("ctr", "-n", NAMESPACE)
        self.calls.append(words)
        if words[:2] == ("content", "get"):
            data = self.blobs.get(words[2])
            if data is None:
                said = f"ctr: content digest {words[2]}: not found\n".encode()
                return Result(call.argv, 1, b"", said, 0.0)
            return Result(call.argv, 0, data, b"", 0.0)
        assert words[:2] == ("content", "ls")
        quiet = words[2] == "-q"
        filters = words[3:] if quiet else words[2:]
        asked = [word.removeprefix("digest==") for word in filters]
        here = [digest for digest in asked if digest in self.blobs]
        if quiet:
            return Result(call.argv, 0, "".join(f"{one}\n" for one in here).encode(), b"", 0.0)
        rows = [f"{one}\t{self._size(one)}\t2 weeks\t-" for one in here]
        lines = ctr_table("DIGEST\tSIZE\tAGE\tLABELS", rows, padchar="\t")
        return Result(call.argv, 0, ("\n".join(lines) + "\n").encode(), b"", 0.0)

    def _size(self, digest: str) -> str:
        return self.sizes.get(digest, f"{len(self.blobs[digest])}B")


def ctr_of(store: Store) -> Ctr:
    processes = cast(Processes, store)
    return Ctr(processes, ("ctr",), None, None, None, notice=lambda text: None)


def image_of(descriptor: Json, ref: str = "a:1") -> Image:
    return Image(
        ref=ref,
        media_type=str(descriptor["mediaType"]),
        digest=str(descriptor["digest"]),
        size="1.0 B",
        size_bytes=1,
        size_approximate=True,
        platforms=(),
        labels={},
        labels_text="-",
    )


def details(archive: Archive, descriptor: Json, *gone: object) -> ImageDetails:
    """What inspect says about an image where these blobs are gone."""
    store = Store({digest: data for digest, data in archive.blobs.items() if digest not in gone})
    (found,) = inspect(Scope(ctr_of(store), NAMESPACE), [image_of(descriptor)])
    return found


def parts(archive: Archive, descriptor: Json) -> tuple[str, list[str]]:
    """The digests of a manifest's configuration and layers."""
    document = json.loads(archive.blobs[str(descriptor["digest"])])
    return document["config"]["digest"], [layer["digest"] for layer in document["layers"]]


def index_of(archive: Archive, *platforms: str) -> tuple[Json, list[Json]]:
    made = [archive.manifest([files({one: b"1"})], runs_on=one) for one in platforms]
    return archive.index(made), made


HERE = host_platform()
OTHER = "linux/s390x" if not platform.machine().startswith("s390") else "linux/arm64"


def test_a_plain_image_has_exact_sizes_and_everything_in_its_configuration() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"}), files({"b": b"2"})], labels={"k": "v"})
    config, layers = parts(archive, one)
    found = details(archive, one)
    assert found.complete
    assert (found.missing, found.problems, found.platforms) == ((), (), (HERE,))
    assert found.size_bytes == sum(map(len, archive.blobs.values()))
    assert found.target.kind is NodeKind.MANIFEST
    assert found.target.size_bytes == len(archive.blobs[str(one["digest"])])
    assert [layer.digest for layer in found.target.layers] == layers
    assert [layer.size_bytes for layer in found.target.layers] == [
        len(archive.blobs[digest]) for digest in layers
    ]
    assert [layer.created_by for layer in found.target.layers] == ["layer 0", "layer 1"]
    assert found.target.config is not None
    assert found.target.config.digest == config
    assert found.target.config.labels == {"k": "v"}
    assert found.target.config.command == ("sh",)
    unpacked = [layer.diff_id for layer in found.target.layers]
    assert unpacked == list(found.target.config.diff_ids)


def test_every_kind_of_image_is_whole(tmp_path: Path) -> None:
    program = tmp_path / "busybox"
    program.write_bytes(b"no program")
    archive = odd_images.whole_images(program)
    store = Store(archive.blobs)
    images = [
        image_of(entry, str(cast(Json, entry["annotations"])["io.containerd.image.name"]))
        for entry in archive.entries
    ]
    found = {one.ref: one for one in inspect(Scope(ctr_of(store), NAMESPACE), images)}
    assert all(one.complete for one in found.values())
    kinds = [node.kind for node in found[odd_images.WHOLE["many"]].target.manifests]
    assert kinds == [NodeKind.MANIFEST] * 3 + [NodeKind.ATTESTATION]
    platforms = found[odd_images.WHOLE["many"]].platforms
    assert platforms == (HERE, "linux/arm64/v8", "linux/s390x")
    zstd = found[odd_images.WHOLE["zstd"]].target.layers
    assert [layer.compression for layer in zstd] == ["zstd"]
    docker = found[odd_images.WHOLE["docker"]].target.manifests[0]
    assert docker.media_type == odd_images.DOCKER
    assert docker.config is not None
    assert docker.config.entrypoint == ("/bin/app", "--flag")
    assert (docker.config.user, docker.config.working_dir) == ("1000:1000", "/srv")
    assert (docker.config.exposed_ports, docker.config.volumes) == (("80/tcp",), ("/data",))
    # the step without a layer does not shift the others
    assert [layer.created_by for layer in docker.layers] == ["COPY docker /"]
    nested = found[odd_images.WHOLE["nested"]]
    assert nested.target.manifests[0].kind is NodeKind.INDEX
    assert nested.platforms == (HERE,)
    artifact = found[odd_images.WHOLE["artifact"]].target
    assert artifact.artifact_type == "application/vnd.example.report.v1"
    # only what is JSON of an image was read: no layer, no configuration of something else
    read = {words[2] for words in store.calls if words[:2] == ("content", "get")}
    assert all(json.loads(archive.blobs[digest]) for digest in read)
    assert len(store.calls) < 60


def test_a_missing_layer_or_configuration_is_missing() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    config, (layer,) = parts(archive, one)
    for gone in (config, layer):
        found = details(archive, one, gone)
        assert (found.complete, found.missing) == (False, (gone,))
    found = details(archive, one, one["digest"])
    assert (found.complete, found.missing) == (False, (one["digest"],))
    assert not found.target.present


def test_another_platform_that_was_not_pulled_is_no_fault() -> None:
    archive = Archive()
    index, (here, other) = index_of(archive, HERE, OTHER)
    config, (layer,) = parts(archive, other)
    for gone in ((other["digest"], config, layer), (config, layer), (config,)):
        found = details(archive, index, *gone)
        assert found.complete
        assert found.platforms == (HERE,)
        assert [node.pulled for node in found.target.manifests] == [True, False]
    found = details(archive, index, layer)  # its configuration came: it was pulled
    assert (found.complete, found.missing) == (False, (layer,))
    assert here["digest"] != other["digest"]


def test_this_hosts_manifest_has_to_be_here_and_one_of_any_platform() -> None:
    archive = Archive()
    index, (here, _) = index_of(archive, HERE, OTHER)
    assert details(archive, index, here["digest"]).missing == (here["digest"],)
    foreign, (one,) = index_of(archive, OTHER)
    assert details(archive, foreign).complete
    assert details(archive, foreign, one["digest"]).missing == (one["digest"],)


def test_an_attestation_that_is_not_here_is_no_fault() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    about = archive.attestation(one)
    index = archive.index([one, about])
    found = details(archive, index, about["digest"])
    assert (found.complete, found.missing) == (True, ())
    # nor is one that names no platform, and where nothing is here only the image counts
    del about["platform"]
    index = archive.index([one, about])
    assert details(archive, index, about["digest"]).complete
    gone = (one["digest"], about["digest"])
    assert details(archive, index, *gone).missing == (one["digest"],)


def test_bytes_that_do_not_fit_their_digest_or_size_are_a_problem() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    config, _ = parts(archive, one)
    archive.blobs[config] += b" "
    found = details(archive, one)
    assert not found.complete
    assert found.missing == ()
    assert [problem.partition(": ")[0] for problem in found.problems] == [config, config]
    assert "do not match its digest" in found.problems[0]
    assert "descriptor says" in found.problems[1]


def test_what_is_too_large_is_never_read() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    config, _ = parts(archive, one)
    store = Store(archive.blobs, sizes={config: "2.1TB"})
    (found,) = inspect(Scope(ctr_of(store), NAMESPACE), [image_of(one)])
    assert ("content", "get", config) not in store.calls
    assert found.problems == (
        f"{config}: it was not read: it is larger than {LARGEST_DOCUMENT} bytes",
    )
    assert found.missing == ()


def test_a_size_that_cant_be_read_counts_as_too_large() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    digest = str(one["digest"])
    store = Store(archive.blobs, sizes={digest: "no size"})
    (found,) = inspect(Scope(ctr_of(store), NAMESPACE), [image_of(one)])
    assert ("content", "get", digest) not in store.calls
    assert found.target.present
    assert not found.complete


def test_a_blob_that_goes_while_it_is_looked_at_is_missing() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})])
    digest = str(one["digest"])

    class Vanishing(Store):
        def run_all(self, calls: Sequence[Call]) -> list[Result]:
            if calls and calls[0].argv[3:5] == ("content", "get"):
                self.blobs = {}
            return super().run_all(calls)

    (found,) = inspect(Scope(ctr_of(Vanishing(archive.blobs)), NAMESPACE), [image_of(one)])
    assert (found.complete, found.missing) == (False, (digest,))


def test_copies_of_copies_do_not_explode() -> None:
    archive = Archive()
    level = archive.manifest([files({"a": b"1"})])
    for _ in range(7):
        level = archive.index([level] * 20)
    store = Store(archive.blobs)
    (found,) = inspect(Scope(ctr_of(store), NAMESPACE), [image_of(level)])
    assert found.complete
    assert len(list(tree_lines(found, wide=False))) < 400
    assert len(store.calls) < 60


def test_a_deep_index_ends_with_a_problem() -> None:
    archive = Archive()
    level = archive.manifest([files({"a": b"1"})])
    for depth in range(40):
        level = archive.index([level], {"depth": str(depth)})
    found = details(archive, level)
    assert not found.complete
    assert any("deep" in problem for problem in found.problems)
    assert len(list(tree_lines(found, wide=False))) < 100


def test_the_deepest_manifests_that_are_shown_are_whole() -> None:
    archive = Archive()
    level = archive.manifest([files({"a": b"1"})])
    for depth in range(recipe._DEEPEST):
        level = archive.index([level], {"depth": str(depth)})
    found = details(archive, level)
    assert found.complete
    assert found.platforms == (HERE,)


def test_an_index_of_thousands_is_cut_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "_MOST_NODES", 50)
    archive = Archive()
    index, _ = index_of(archive, *(f"linux/a{number}" for number in range(80)))
    found = details(archive, index)
    assert len(found.target.manifests) < 50
    assert any("more than 50" in problem for problem in found.problems)


def test_many_images_at_once_are_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipe, "_MOST_NODES", 4)
    archive = Archive()
    made = [archive.manifest([files({str(n): b"1"})]) for n in range(30)]
    found = inspect(Scope(ctr_of(Store(archive.blobs)), NAMESPACE), [image_of(one) for one in made])
    assert all(one.complete for one in found)


def test_hostile_documents_are_problems_and_never_an_exception() -> None:
    for data in (b"", b"[" * 100_000, b"null", b"7", b'{"layers": [1, {}, null], "config": []}'):
        for media_type in (INDEX, MANIFEST):
            archive = Archive()
            one = archive.blob(data, media_type)
            found = details(archive, one)
            assert not (found.complete and media_type == MANIFEST)
            list(tree_lines(found, wide=True))
            found.model_dump_json()


def test_an_image_that_points_to_something_else_is_not_read() -> None:
    archive = Archive()
    one = archive.blob(b"x" * 100, "text/html")
    store = Store(archive.blobs)
    (found,) = inspect(Scope(ctr_of(store), NAMESPACE), [image_of(one)])
    assert not any(words[:2] == ("content", "get") for words in store.calls)
    assert "media type text/html" in found.problems[0]


def test_a_blob_that_plays_two_parts_is_shown_in_both() -> None:
    """The same bytes as configuration and as manifest: no part is taken for the other."""
    archive = Archive()
    both = archive.document({"layers": [], "config": {}, "os": "linux"}, CONFIG)
    manifest = archive.document({"config": both, "layers": []}, MANIFEST)
    index = archive.index([manifest, {**both, "mediaType": MANIFEST}])
    found = details(archive, index)
    assert [node.present for node in found.target.manifests] == [True, True]


def test_the_tree_escapes_what_a_terminal_would_obey() -> None:
    archive = Archive()
    one = archive.manifest([files({"a": b"1"})], labels={"x\x1b[2J": "a\nb\u202e"})
    found = details(archive, one)
    for wide in (False, True):
        text = "\n".join(tree_lines(found, wide=wide))
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert r"label    x\x1b[2J=a\nb\u202e" in text


def test_the_tree_tells_missing_from_not_pulled() -> None:
    archive = Archive()
    index, (here, other) = index_of(archive, HERE, OTHER)
    _, (layer,) = parts(archive, here)
    found = details(archive, index, layer, other["digest"])
    lines = list(tree_lines(found, wide=False))
    (lost,) = [line for line in lines if "MISSING" in line]
    assert layer[:19] in lost
    (foreign,) = [line for line in lines if "not pulled" in line]
    assert OTHER in foreign
    assert any(line.split()[-2:] == ["complete", "NO"] for line in lines)


def test_digests_of_other_algorithms_are_checked_too() -> None:
    archive = Archive()
    config = json.dumps({"os": "linux", "architecture": "amd64"}).encode()
    digest = f"sha512:{hashlib.sha512(config).hexdigest()}"
    archive.blobs[digest] = config
    pointer = {"mediaType": CONFIG, "digest": digest, "size": len(config)}
    one = archive.document({"config": pointer, "layers": []}, MANIFEST)
    assert details(archive, one).complete
    archive.blobs[digest] = config + b" "
    assert not details(archive, one).complete
