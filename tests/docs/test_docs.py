"""What the documentation shows is what happens, and what it names is there."""

import re
import shlex
from pathlib import Path

import pytest

from kuke_ctr.cli.main import main
from tests.support.paths import TOP

HOST = TOP / "fixtures" / "ctr-output" / "kukeon-0.9.1"
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
# their examples need a containerd that lives: the real ring has what they show
LIVING = {
    *("attach", "doctor", "images", "inspect", "logs", "missing-images", "ps", "run", "stats"),
    "stop",
    "storage",
}
_SHOWN = re.compile(r"^    \$ kuke-ctr (.*)\n((?:    .*\n|\n(?=    [A-Z]+ +[A-Z]))*)", re.MULTILINE)
_LINK = re.compile(r"\]\(([^)#:]+)\)")

SHOWN = [
    pytest.param(words, output, id=f"{page.stem}: {words}")
    for page in PAGES
    if page.stem not in LIVING
    for words, output in _SHOWN.findall(page.read_text())
]


@pytest.mark.parametrize(("words", "output"), SHOWN)
def test_a_printed_example_is_what_a_recorded_host_gives(
    words: str,
    output: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    run_path = "opt__kukeon"  # as long as /opt/kukeon, for the columns
    monkeypatch.delenv("KUKEON_RUN_PATH")
    monkeypatch.chdir(tmp_path)
    Path(run_path).symlink_to(HOST / "run")
    monkeypatch.setattr("kuke_ctr.kukeon.settings.DEFAULT_RUN_PATH", run_path)
    main([*shlex.split(words), "--replay", str(HOST / "ctr")])
    said = "".join(reversed(capfd.readouterr()))
    expected = [line.removeprefix("    ") for line in output.splitlines()]
    printed = said.replace(run_path, "/opt/kukeon").splitlines()
    assert [line.rstrip() for line in printed] == [line.rstrip() for line in expected]


def test_there_are_printed_examples() -> None:
    assert len(SHOWN) > 5


def test_the_project_is_described_in_one_sentence_everywhere() -> None:
    import tomllib

    from kuke_ctr.cli.main import root

    described = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["description"]
    assert root.__doc__ == described
    assert (TOP / "README.md").read_text().splitlines()[2] == described


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text()):
        assert (page.parent / link).exists(), link


def test_the_rooms_are_those_of_the_tree() -> None:
    text = (TOP / "docs" / "architecture.md").read_text()
    house = text[text.index("    kuke_ctr/\n") : text.index("    fixtures/")]
    named = set(re.findall(r"^      ([a-z_]+)(?:\.py|/)", house, re.MULTILINE))
    there = {
        path.stem
        for path in (TOP / "kuke_ctr").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists()) and path.name[0] != "_"
    }
    assert named == there


def test_the_snippets_of_the_library_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    import kuke_ctr.session

    monkeypatch.setenv("KUKEON_RUN_PATH", str(HOST / "run"))
    load = kuke_ctr.session.open_realm
    monkeypatch.setattr(
        kuke_ctr.session, "open_realm", lambda name: load(name, replay=str(HOST / "ctr"))
    )
    snippets = re.findall(r"```python\n(.*?)```", (TOP / "docs" / "library.md").read_text(), re.S)
    scope: dict[str, object] = {}
    for snippet in snippets:
        exec(snippet, scope)
    assert len(snippets) >= 2
    assert capsys.readouterr().out == "docker.io/library/busybox:latest 1992294\n"
    tasks = scope["tasks"]
    assert isinstance(tasks, tuple)
    assert len(tasks) == 7


def test_the_arguments_and_methods_of_the_library_page_are_there() -> None:
    import inspect

    from kuke_ctr import OpenRealm, open_realm

    text = (TOP / "docs" / "library.md").read_text()
    (listed,) = re.findall(r"`open_realm\(realm, (.*?)\)`", text)
    names = [name.strip().removesuffix("=") for name in listed.split(",")]
    assert ["realm", *names] == list(inspect.signature(open_realm).parameters)
    for method in re.findall(r"^\| `(\w+)\(", text, re.MULTILINE):
        assert callable(getattr(OpenRealm, method))
