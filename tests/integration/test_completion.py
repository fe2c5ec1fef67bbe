"""What a shell is offered is what containerd has; without containerd, in silence, nothing."""

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox
from tests.support.runner import KukeCtr
from tests.support.running import Place

BUSYBOX = "docker.io/library/busybox:1.36"


def offered(kuke_ctr: KukeCtr, line: str, text: str | None = None) -> list[str]:
    """What bash gets for the last word of a line, or for the text at its end."""
    text = line.rpartition(" ")[2] if text is None else text
    done = kuke_ctr.set(_KUKE_CTR_COMPLETE="bash")(line, text)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()[1:]


def test_what_containerd_has_is_offered(
    any_containerd: PrivateContainerd, namespace: str, kuke_ctr: KukeCtr
) -> None:
    archive = Archive()
    archive.name(busybox(archive, any_containerd.programs / "busybox"), BUSYBOX)
    daemon = any_containerd
    daemon.import_image(archive.write(daemon.base / "completed.tar"), namespace=namespace)
    for number in (1, 2):
        id_ = f"sp_st_{namespace}{number}_app"
        daemon.ctr("containers", "create", BUSYBOX, id_, namespace=namespace)
    # a busy machine may take longer than a completion waits: TAB again
    for _ in range(5):
        found = offered(kuke_ctr.on(daemon), f"kuke-ctr images rm -n {namespace} docker.io/l")
        if found:
            break
    assert found == [BUSYBOX]
    kuke = kuke_ctr.on(daemon)
    for line, expected in (
        (f"kuke-ctr containers rm -n {namespace} test", [f"{namespace}1", f"{namespace}2"]),
        (f"kuke-ctr -n {namespace} tasks kill test", []),
        (f"kuke-ctr images ls --namespace {namespace}", [namespace]),
        (f"kuke-ctr snapshots rm -n {namespace} sp_st_{namespace}1", [f"sp_st_{namespace}1_app"]),
    ):
        assert any(offered(kuke, line) == expected for _ in range(5)), line


def test_the_paths_in_a_container_that_runs_are_offered(place: Place) -> None:
    name = place.sleeper()
    for path, expected in (("/bin/bus", ["/bin/busybox"]), ("/pro", ["/proc/"])):
        line = f"kuke-ctr cp -n {place.namespace} {name}:{path}"
        assert any(offered(place.kuke, line, path) == expected for _ in range(5)), path
    assert place.processes(name) == ["sleep 3600"]


def test_without_containerd_there_is_silence(kuke_ctr: KukeCtr) -> None:
    gone = kuke_ctr.set(CONTAINERD_ADDRESS="/nowhere/c.sock")
    for line in ("images rm d", "logs x", "tasks kill ", "images ls -r ", "images ls -n "):
        assert offered(gone, f"kuke-ctr {line}") == []
