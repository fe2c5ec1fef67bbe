"""`nerdctl version --format json`."""

import json

import pytest

from kuke_ctr.parse.nerdctl.version import parse_version
from kuke_ctr.records import Refused, Version

CLIENT = {"Version": "v1.7.7", "GitCommit": "<unknown>", "GoVersion": "go1.26.8"}


def read(**document: object) -> list[Version | Refused]:
    return list(parse_version([json.dumps(document)]))


def test_the_client_and_what_it_asked() -> None:
    parts = [
        {"Name": "containerd", "Version": "2.1.9+unknown", "Details": {"GitCommit": ""}},
        {"Name": "runc", "Version": "1.1.5", "Details": {"GitCommit": "abc"}},
        {"Name": "buildctl", "Version": ""},
    ]
    rows = [row for row in read(Client=CLIENT, Server={"Components": parts}) if row]
    assert [
        (row.program, row.version, row.revision) for row in rows if isinstance(row, Version)
    ] == [
        ("nerdctl", "1.7.7", None),
        ("containerd", "2.1.9+unknown", None),
        ("runc", "1.1.5", "abc"),
    ]


def test_without_a_server_there_is_the_client() -> None:
    (row,) = read(Client=CLIENT, Server=None)
    assert isinstance(row, Version)


@pytest.mark.parametrize(
    "document",
    [{}, {"Client": []}, {"Client": {}}, {"Client": CLIENT, "Server": {"Components": {"x": 1}}}],
)
def test_what_does_not_fit_is_refused(document: dict[str, object]) -> None:
    (row,) = read(**document)
    assert isinstance(row, Refused)
