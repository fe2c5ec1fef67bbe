"""What users of docker expect of `run`: ENTRYPOINT, names that are taken, files, paths, words."""

import subprocess  # noqa: TID251 (for its type)
from pathlib import Path

import pytest

from scripts.lib import processes
from scripts.lib.containerd import unique
from scripts.lib.images import Archive, busybox_layer, files
from tests.support.running import BUSYBOX, LIMIT, Place

SCRIPT = b"#!/bin/sh\r\necho hi\r\n"
FOREIGN = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + b"\x02\0\xb7\0" + b"\0" * 100


def image(place: Place, folder: Path, entrypoint: list[str], command: list[str]) -> str:
    """An image of the place with this ENTRYPOINT and Cmd, and two programs that do not run."""
    name = f"docker.io/library/{unique('entry')}:1"
    archive = Archive()
    layers = [busybox_layer(place.daemon.programs / "busybox")]
    layers.append(files({"start.sh": SCRIPT, "app": FOREIGN}, mode=0o755))
    archive.name(archive.manifest(layers, entrypoint=entrypoint, command=command), name)
    place.daemon.import_image(archive.write(folder / "entry.tar"), namespace=place.namespace)
    return name


def test_arguments_go_to_the_entrypoint_on_each_version(any_place: Place, tmp_path: Path) -> None:
    name = image(any_place, tmp_path, ["echo", "entry"], ["default"])

    def said(*words: str) -> str:
        done = any_place("run", "--rm", *any_place.own(), *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert said(name) == "entry default\n"
    assert said(name, "X", "Y") == "entry X Y\n"
    assert said("--entrypoint", "printf", name, "%s", "z") == "z"
    assert said("--entrypoint", "", name, "echo", "alone") == "alone\n"
    created = unique("made")
    done = any_place("containers", "create", name, created, "X")
    assert done.returncode == 0, done.stderr
    assert '"entry"' in any_place.ctr("containers", "info", created)


@pytest.mark.parametrize(("program", "code"), [("/start.sh", 127), ("/app", 126)])
def test_an_images_own_command_fails_as_a_typed_one_does(
    any_place: Place, tmp_path: Path, program: str, code: int
) -> None:
    name = image(any_place, tmp_path, [], [program])
    for words in ((name,), (name, program)):
        done = any_place("run", "--rm", *any_place.own(), *words)
        assert done.returncode == code, done.stderr
        assert program in done.stderr
        assert "\nhint: " in done.stderr


def paste(place: Place, stderr: str) -> None:
    """Run the last line that a hint gives, as somebody would who pastes it."""
    (hint,) = [line for line in stderr.splitlines() if line.startswith("hint: ")]
    for line in hint.split("`")[-2].split(" && "):
        words = line.removeprefix("kuke-ctr ").split()
        done = place.kuke(*words)
        assert done.returncode == 0, (line, done.stderr)


@pytest.mark.parametrize("state", ["running", "stopped", "created", "snapshot"])
def test_what_a_killed_run_left_is_told_and_the_line_cleans_up(
    any_place: Place, state: str
) -> None:
    name = unique("svc")
    own = any_place.own()
    if state == "snapshot":
        any_place.ctr("snapshots", "prepare", name)
    elif state == "created":
        any_place.ctr("containers", "create", BUSYBOX, name)
    else:
        ours = any_place.start("run", "--rm", "--name", name, *own, BUSYBOX, "sleep", "3600")
        assert processes.until(lambda: name in any_place.ctr("tasks", "ls"), LIMIT)
        ours.kill()
        ours.wait(LIMIT)
        if state == "stopped":
            any_place.ctr("tasks", "kill", "-s", "KILL", name)
            assert processes.until(lambda: "STOPPED" in any_place.ctr("tasks", "ls"), LIMIT)
    done = any_place("run", "--rm", "--name", name, *own, BUSYBOX, "true")
    assert done.returncode == 125
    assert "already exists" in done.stderr
    paste(any_place, done.stderr)
    done = any_place("run", "--rm", "--name", name, *own, BUSYBOX, "true")
    assert done.returncode == 0, done.stderr


def test_of_two_of_one_name_one_runs_and_nothing_of_it_is_lost(any_place: Place) -> None:
    name = unique("same")
    words = ("run", "-d", "--name", name, *any_place.own(), BUSYBOX, "sleep", "3600")
    both = [
        any_place.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)
    ]
    said = [one.communicate(timeout=LIMIT) for one in both]
    assert sorted(one.returncode for one in both) == [0, 125], said
    (lost,) = [err for one, (_, err) in zip(both, said, strict=True) if one.returncode]
    assert b"already exists" in lost
    assert b"\nhint: " in lost
    assert "RUNNING" in any_place.ctr("tasks", "ls")
    assert name in any_place.left()[2]
    any_place.inside(name, "touch", "/alive")
    assert any_place.seen(name, "/alive").exists()


def test_relative_paths_are_those_of_this_folder(
    any_place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_text("seen")
    mount = "type=bind,src=data,dst=/data,options=rbind:ro"
    done = any_place(
        "run", "--rm", "--mount", mount, *any_place.own(), BUSYBOX, "cat", "/data/file"
    )
    assert (done.returncode, done.stdout) == (0, "seen"), done.stderr
    done = any_place("containers", "create", "--rootfs", "./data", unique("rel"), "x")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "data") in any_place.ctr("containers", "info", done.stdout.strip())
    done = any_place("containers", "create", "--rootfs", "./nope", unique("rel"), "x")
    assert done.returncode == 2


def test_a_dry_run_behind_the_image_makes_nothing(any_place: Place) -> None:
    before = any_place.left()
    done = any_place("run", "-d", *any_place.own(), BUSYBOX, "sleep", "100", "--dry-run")
    assert done.returncode == 2
    assert "before IMAGE" in done.stderr
    assert any_place.left() == before
    name = any_place.sleeper()
    done = any_place("exec", name, "ls -l /")
    assert done.returncode == 127
    assert "sh -c 'ls -l /'" in done.stderr
    done = any_place("exec", name, "echo", "--realm", "x")
    assert (done.returncode, done.stdout) == (0, "--realm x\n")
    assert "note: --realm stands behind ID" in done.stderr


def test_a_namespace_that_nobody_has_is_told_before_it_is_made(
    any_place: Place, tmp_path: Path
) -> None:
    archive = Archive()
    archive.name(archive.manifest([files({"a": b"b"})]), "docker.io/library/empty:1")
    file = archive.write(tmp_path / "a.tar")
    typo = f"{any_place.namespace}x"
    done = any_place.kuke("images", "import", "-n", typo, str(file))
    assert done.returncode == 0, done.stderr
    assert f"note: there is no namespace {typo} yet (similar: {any_place.namespace}" in done.stderr
    done = any_place.kuke("images", "import", "-n", typo, str(file))
    assert "note: there is no" not in done.stderr
    any_place.kuke("images", "rm", "-n", typo, "docker.io/library/empty:1")
