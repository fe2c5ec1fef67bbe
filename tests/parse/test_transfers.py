"""What ctr draws while it pulls and pushes, as ctr 1.6, 1.7 and 2.1 wrote it into a file."""

from kuke_ctr.parse.transfers import Frame, being_unpacked, last_frame

GREEN, PLAIN = "\x1b[32m", "\x1b[0m"
DIGEST = "0123456789abcdef" * 4


def bar(filled: int) -> str:
    return f"|{GREEN}{'+' * filled}{PLAIN}{'-' * (38 - filled)}|"


def old(*blobs: tuple[str, str], end: str) -> str:
    """A frame of ctr 1.x."""
    rows = "".join(
        f"{kind}-sha256:{DIGEST}{i}: {state:14} {bar(20)} \n"
        for i, (kind, state) in enumerate(blobs)
    )
    return f"127.0.0.1:5000/demo/big:1.0: {'resolved':14} {bar(38)} \n{rows}{end}\n"


def ends(seconds: str, rate: str) -> str:
    return f"elapsed: {seconds} s{' ' * 60}total:  189.4  ({rate}/s){' ' * 30}"


NEW = """127.0.0.1:5000/demo/big:1.0             \tfetching image content\t
\u2514\u2500\u2500manifest (06d08da1c7cd)              \tcomplete   \t|++|\t
   \u251c\u2500\u2500config (a04c22dc5a46)             \tcomplete   \t|++|\t
   \u251c\u2500\u2500layer (53a77109bd3e)              \tdownloading\t|+-|\t31.0 MiB/47.7 MiB\t
   \u2514\u2500\u2500layer (8178b3ac4e7c)              \twaiting    \t|--|\t
application/vnd.oci.image.manifest.v1+json sha256:06d08da1c7cd
Pulling from OCI Registry (example.com/big:1)\telapsed: 0.5 s\ttotal:  66.0 M\t(64.0 MiB/s)\t
"""


def test_a_frame_of_ctr_1() -> None:
    blobs = (("manifest", "done"), ("layer", "downloading"), ("config", "exists"))
    text = old(*blobs, end=ends("4.0", "45.0 MiB"))
    assert last_frame(text) == Frame(2, 3, 180 << 20, fetched=False)


def test_a_frame_of_ctr_2() -> None:
    assert last_frame(NEW) == Frame(2, 4, 32 << 20, fetched=False)
    exists = NEW.replace("waiting    ", "already exists").replace("downloading", "complete   ")
    assert last_frame(exists) == Frame(4, 4, 32 << 20, fetched=True)


def test_only_the_last_whole_frame_counts() -> None:
    first = old(("layer", "downloading"), ("layer", "waiting"), end=ends("1.0", "1.0 MiB"))
    then = old(("layer", "done"), ("layer", "downloading"), end=ends("2.0", "2.0 MiB"))
    begun = f"layer-sha256:{DIGEST}: done "
    for before in ("", "half of a line | 47.0 MiB\n"):
        assert last_frame(before + first + then + begun) == Frame(1, 2, 4 << 20, fetched=False)
    assert last_frame(begun) is None
    assert last_frame("") is None


def test_a_push_of_ctr_1_6_names_no_layer() -> None:
    text = old(("manifest", "waiting"), ("config", "done"), end=ends("2.1", "270.0 B"))
    assert last_frame(text) == Frame(0, 0, 567, fetched=False)


def test_ctr_1_says_that_it_unpacks_a_pull() -> None:
    text = old(("layer", "done"), ("layer", "exists"), end=ends("4.3", "44.0 MiB"))
    text += f"unpacking linux/amd64 sha256:{DIGEST}...\n"
    found = last_frame(text)
    assert found is not None
    assert found.fetched


def test_the_image_that_an_import_unpacks() -> None:
    first = f"unpacking a:1 (sha256:{DIGEST})...done\n"
    assert being_unpacked("") is None
    assert being_unpacked(f"{first}unpacking b c:2 (sha256:{DIGEST})...") == "b c:2"
