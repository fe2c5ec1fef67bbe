"""The main job on real containerds, checked against what ctr itself says with -q."""

import json
import signal
import subprocess  # noqa: TID251
from pathlib import Path

import pytest

from scripts.lib.containerd import PrivateContainerd
from scripts.lib.images import Archive, busybox
from scripts.lib.kukeon import write_record
from tests.support.runner import KukeCtr

BUSYBOX = "docker.io/library/busybox:1.36"


def imported(daemon: PrivateContainerd, namespace: str, folder: Path) -> None:
    archive = Archive()
    image = busybox(archive, daemon.programs / "busybox")
    archive.name(image, BUSYBOX, "example.com/other:1")
    daemon.import_image(archive.write(folder / "busybox.tar"), namespace=namespace)


def test_images_of_a_realm_are_what_ctr_has(
    any_containerd: PrivateContainerd, namespace: str, kuke_ctr: KukeCtr, tmp_path: Path
) -> None:
    imported(any_containerd, namespace, tmp_path)
    any_containerd.ctr("images", "label", BUSYBOX, "note=two words, one comma", namespace=namespace)
    write_record(tmp_path / "run", "main", namespace)
    done = kuke_ctr.on(any_containerd)(
        "images", "ls", "--realm", "main", "--run-path", str(tmp_path / "run"), "-o", "json"
    )
    assert (done.returncode, done.stderr) == (0, "")
    images = {image["ref"]: image for image in json.loads(done.stdout)}
    names = any_containerd.ctr("images", "ls", "-q", namespace=namespace).stdout.split()
    assert sorted(images) == sorted(names)
    assert images[BUSYBOX]["labels"]["note"] == "two words, one comma"
    assert images[BUSYBOX]["platforms"] == ["linux/amd64"]


@pytest.mark.parametrize("value", ["a\nb", "a\tb", "x\fy"])
def test_a_label_that_breaks_its_row_is_refused_and_the_others_are_shown(
    any_containerd: PrivateContainerd,
    namespace: str,
    kuke_ctr: KukeCtr,
    tmp_path: Path,
    value: str,
) -> None:
    imported(any_containerd, namespace, tmp_path)
    any_containerd.ctr("images", "label", BUSYBOX, f"odd={value}", namespace=namespace)
    done = kuke_ctr.on(any_containerd)("images", "ls", "--namespace", namespace, "-q")
    assert done.returncode == 4
    assert done.stdout == "example.com/other:1\n"
    assert "cannot read" in done.stderr


def test_a_realm_nobody_made_is_not_found(
    any_containerd: PrivateContainerd, kuke_ctr: KukeCtr
) -> None:
    done = kuke_ctr.on(any_containerd)("containers", "ls", "--realm", "nobody-made-this")
    assert (done.returncode, done.stdout) == (3, "")
    assert "does not exist" in done.stderr


def test_a_stopped_daemon_is_a_time_limit_and_leaves_no_ctr(
    containerd: PrivateContainerd, kuke_ctr: KukeCtr
) -> None:
    pid = containerd.pid
    subprocess.run(["kill", f"-{signal.SIGSTOP.value}", str(pid)], check=True)
    try:
        done = kuke_ctr.on(containerd)("tasks", "ls", "-n", "default", "--timeout", "1")
    finally:
        subprocess.run(["kill", f"-{signal.SIGCONT.value}", str(pid)], check=True)
    assert done.returncode == 124
    assert "within 1 second\n" in done.stderr


def test_a_filter_in_the_form_of_the_hint_is_understood(
    any_containerd: PrivateContainerd, namespace: str, kuke_ctr: KukeCtr, tmp_path: Path
) -> None:
    imported(any_containerd, namespace, tmp_path)
    any_containerd.ctr("images", "label", BUSYBOX, "a/b=x y", namespace=namespace)
    ls = ("images", "ls", "-q", "--namespace", namespace)
    told = kuke_ctr.on(any_containerd)(*ls, "labels.a/b==x y")
    assert told.returncode == 1
    assert """hint: the form that works: 'labels."a/b"=="x y"'""" in told.stderr
    assert kuke_ctr.on(any_containerd)(*ls, 'labels."a/b"=="x y"').stdout == f"{BUSYBOX}\n"
    told = kuke_ctr.on(any_containerd)(*ls, "name~=library(")
    assert """hint: for this very text: 'name~="library\\\\("'""" in told.stderr
    assert kuke_ctr.on(any_containerd)(*ls, 'name~="docker\\\\.io"').stdout == f"{BUSYBOX}\n"
