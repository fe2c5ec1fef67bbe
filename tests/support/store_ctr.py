"""A ctr with a memory: images and content of some namespaces, as far as a copy looks at them.

`store_ctr.py FOLDER -n NAMESPACE NOUN VERB ...`. Run by itself, so that it imports little. The
folder holds `blobs/DIGEST` (for all namespaces), `NAMESPACE/blobs/DIGEST` (what it may see),
`NAMESPACE/images/NAME` (JSON), and `hooks/WHEN-NOUN-VERB`: shell that runs before or after such a
call, with the namespace and its words; where it fails, the call does.
"""

import json
import sys
from pathlib import Path
from urllib.parse import quote, unquote

Image = dict[str, str]


class Store:
    """One namespace."""

    def __init__(self, folder: Path, namespace: str) -> None:
        self.folder = folder
        self.images = folder / namespace / "images"
        self.blobs = folder / namespace / "blobs"
        for each in (self.images, self.blobs):
            each.mkdir(parents=True, exist_ok=True)

    def all(self) -> dict[str, Image]:
        """The images by name."""
        found = {unquote(path.name): path for path in sorted(self.images.iterdir())}
        return {name: json.loads(path.read_text()) for name, path in found.items()}

    def named(self, filters: list[str]) -> dict[str, Image]:
        """Those that filters mean, of names or digests; what else they say is taken for true."""
        wanted = {one.split(",")[0].partition("name==")[2] for one in filters}
        wanted |= {json.loads(one) for one in wanted if one.startswith('"')}
        digests = [one.partition('~="^')[2].rstrip('"') for one in filters if "~=" in one]
        return {
            name: image
            for name, image in self.all().items()
            if not filters or name in wanted or image["digest"] in digests
        }

    def give(self, name: str, image: Image) -> None:
        """Give an image a name."""
        (self.images / quote(name, safe="")).write_text(json.dumps(image))

    def take(self, digest: str) -> None:
        """Let the namespace see a blob."""
        (self.blobs / digest).touch()


def table(header: list[str], *rows: list[str], tabs: bool = False) -> None:
    """Print a table as ctr does."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) + 1 for i in range(len(header))]
    for row in cells:
        line = ""
        for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
            padded = cell + "\t" * (-(-width // 8) - len(cell) // 8) if tabs else cell.ljust(width)
            line += cell if tabs and i == len(row) - 1 else padded
        print(line)


def images_ls(store: Store, words: list[str]) -> None:
    found = store.named([word for word in words if word != "-q"])
    if "-q" in words:
        print("".join(f"{name}\n" for name in found), end="")
        return
    rows = [
        [name, one["type"], one["digest"], "1.0 MiB", "linux/amd64", one["labels"] or "-"]
        for name, one in found.items()
    ]
    table(["REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS"], *rows)


def images_check(store: Store, words: list[str]) -> None:
    rows = [
        [name, one["type"], one["digest"], "complete (2/2)", "1.0 MiB/1.0 MiB", "true"]
        for name, one in store.named(words).items()
    ]
    if rows:
        table(["REF", "TYPE", "DIGEST", "STATUS", "SIZE", "UNPACKED"], *rows)


def images_rm(store: Store, words: list[str]) -> None:
    (store.images / quote(words[-1], safe="")).unlink()
    print(words[-1])


def images_tag(store: Store, words: list[str]) -> None:
    source, name = words[-2:]
    if name in store.all() and "--force" not in words:
        sys.exit(f'ctr: image "{name}": already exists')
    store.give(name, store.all()[source])


def images_label(store: Store, words: list[str]) -> None:
    name, *labels = words
    image = store.all()[name]
    store.give(name, {**image, "labels": ",".join([*filter(None, [image["labels"]]), *labels])})


def images_import(store: Store, words: list[str]) -> None:
    import io  # late: few calls need them
    import tarfile

    del words
    with tarfile.open(fileobj=io.BytesIO(sys.stdin.buffer.read())) as tar:
        read = tar.extractfile("index.json")
        assert read is not None
        for name in tar.getnames():
            if name.startswith("sha256:"):
                store.take(name)
        for entry in json.load(read)["manifests"]:
            name = entry["annotations"]["io.containerd.image.name"]
            labels = store.all().get(name, {"labels": ""})["labels"]
            image = {"digest": entry["digest"], "type": entry["mediaType"], "labels": labels}
            store.give(name, image)


def images_export(store: Store, words: list[str]) -> None:
    import io  # late, as above
    import tarfile

    name = words[-1]
    image = store.all()[name]
    entry = {
        "digest": image["digest"],
        "mediaType": image["type"],
        "annotations": {"io.containerd.image.name": name},
    }
    text = json.dumps({"manifests": [entry]}).encode()
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        info = tarfile.TarInfo("index.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
        for blob in store.blobs.iterdir():
            tar.addfile(tarfile.TarInfo(blob.name))


def content_ls(store: Store, words: list[str]) -> None:
    wanted = [word.removeprefix("digest==") for word in words if word != "-q"]
    found = [one for one in wanted if (store.blobs / one).exists()]
    if "-q" in words:
        print("".join(f"{one}\n" for one in found), end="")
        return
    rows = [[one, "262B", "3 minutes", "-"] for one in found]
    table(["DIGEST", "SIZE", "AGE", "LABELS"], *rows, tabs=True)


def content_get(store: Store, words: list[str]) -> None:
    if not (store.blobs / words[0]).exists():
        sys.exit(f"ctr: content {words[0]}: not found")
    sys.stdout.buffer.write((store.folder / "blobs" / words[0]).read_bytes())


def content_ingest(store: Store, words: list[str]) -> None:
    digest = words[words.index("--expected-digest") + 1] if "--expected-digest" in words else ""
    if words[-1].startswith("kuke-ctr-pin-"):
        (store.folder / "blobs" / digest).write_bytes(sys.stdin.buffer.read())
    store.take(digest)


def content_rm(store: Store, words: list[str]) -> None:
    (store.blobs / words[-1]).unlink()
    print(words[-1])


def nothing(store: Store, words: list[str]) -> None:
    del store, words


def active(store: Store, words: list[str]) -> None:
    del store, words
    print("REF\tSIZE\tAGE\t")


def leases_ls(store: Store, words: list[str]) -> None:
    rows = json.loads((store.folder / "leases").read_text())
    if "-q" in words:
        print("".join(f"{row[0]}\n" for row in rows), end="")
        return
    table(["ID", "CREATED AT", "LABELS"], *rows)


CALLS = {
    "images ls": images_ls,
    "images check": images_check,
    "images rm": images_rm,
    "images tag": images_tag,
    "images label": images_label,
    "images import": images_import,
    "images export": images_export,
    "content ls": content_ls,
    "content get": content_get,
    "content ingest": content_ingest,
    "content label": nothing,
    "content rm": content_rm,
    "content active": active,
    "leases ls": leases_ls,
}

EMPTY = {
    "containers": ["CONTAINER", "IMAGE", "RUNTIME"],
    "snapshots": ["KEY", "PARENT", "KIND"],
}


def run_hook(folder: Path, name: str, words: list[str]) -> None:
    hook = folder / "hooks" / name
    if not hook.exists():
        return
    import subprocess  # noqa: TID251 (the hooks are shell)

    if subprocess.run(["sh", str(hook), *words], check=False, cwd=folder).returncode != 0:
        sys.exit("ctr: the hook said no")


def main(folder: Path, words: list[str]) -> None:
    """Answer one call."""
    with (folder / "log").open("a") as log:
        log.write(" ".join(words) + "\n")
    if words == ["--version"]:
        print("ctr containerd.io 1.7.24")
    elif words == ["namespaces", "ls", "-q"]:
        places = sorted(one.parent.name for one in folder.glob("*/images"))
        print("\n".join(places))
    else:
        _, namespace, noun, verb, *rest = words
        run_hook(folder, f"before-{noun}-{verb}", [namespace, *rest])
        if noun in EMPTY:
            if "-q" not in rest:
                table(EMPTY[noun])
        else:
            CALLS[f"{noun} {verb}"](Store(folder, namespace), rest)
        sys.stdout.flush()
        run_hook(folder, f"after-{noun}-{verb}", [namespace, *rest])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
