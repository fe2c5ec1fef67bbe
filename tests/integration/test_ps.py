"""What `ps` shows on a real containerd, beside what ctr and /proc say."""

import json
import re
from datetime import datetime
from pathlib import Path

from scripts.lib import processes
from tests.support.running import LIMIT, Place


def test_what_runs_is_listed_with_its_process_and_what_ended_only_with_all(place: Place) -> None:
    name, ended = place.sleeper(), place.sleeper("true")

    def listed(*words: str) -> dict[str, list[str]]:
        lines = place("ps", "--no-headers", *words).stdout.splitlines()
        return {line.split()[0]: line.split()[1:] for line in lines}

    def stopped() -> bool:
        return re.search(rf"^{ended}\s+\d+\s+STOPPED", place.ctr("tasks", "ls"), re.M) is not None

    assert processes.until(stopped, LIMIT)
    assert ended not in listed()
    row = listed("-a")[name]
    found = re.search(rf"^{name}\s+(\d+)", place.ctr("tasks", "ls"), re.M)
    assert found is not None
    assert row[4:6] == [found[1], "RUNNING"]
    assert re.fullmatch(r"\d+s", row[6])
    assert listed("-a")[ended][4:] == ["-", "STOPPED", "-"]
    (one,) = [row for row in json.loads(place("ps", "-o", "json").stdout) if row["id"] == name]
    info = json.loads(place.ctr("containers", "info", name))
    assert (one["snapshot"], one["created_at"]) == (info["SnapshotKey"], info["CreatedAt"])
    apart = _time(one["started_at"]) - _time(info["CreatedAt"])
    assert abs(apart.total_seconds()) < LIMIT

    (all_of_it,) = json.loads(place("inspect", name).stdout)
    assert str(all_of_it["task"]["pid"]) == found[1]
    assert all_of_it["process"]["args"] == ["sleep", "3600"]
    assert all_of_it["process"]["env"] == info["Spec"]["process"]["env"]
    assert all_of_it["image_config"]["command"] == ["sh"]
    inside = {one["type"]: Path(one["path"]).readlink() for one in all_of_it["namespaces"]}
    assert inside["pid"] == Path(f"/proc/{found[1]}/ns/pid").readlink()
    assert all_of_it["problems"] == []


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text[:19] + "+00:00")
