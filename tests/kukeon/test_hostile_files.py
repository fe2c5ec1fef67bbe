"""Files that anybody may have written: each is refused, in little time and memory."""

import subprocess  # noqa: TID251 (a process of its own has its own limits)
import sys
from pathlib import Path

import pytest

from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Flags, Settings, load

BOMB = (
    "x: &a [" + ",".join("z" * 9) + "]\n"
    + "".join(
        f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
)  # fmt: skip
SPEC = "kind: Realm\nspec:\n  namespace: "

TRAPS = {
    "bomb": (BOMB + SPEC + "*i\n", "has more than"),
    "recursive": ("a: &a [*a]\n", "contains itself"),
    "merge": ("a: &a {<<: *a}\n", "is neither|contains itself"),
    "many": ("a: [" + "1," * 300_000 + "]\n", "has more than"),
    "nested": (SPEC + "[" * 900 + "]" * 900, "metadata.json"),
    "too nested": (SPEC + "[" * 90_000, "is neither"),
    "timestamp": (SPEC + '!!timestamp "q"', r"cannot be used \(line"),
    "bool": (SPEC + '!!bool "q"', r"cannot be used \(line"),
    "no int": (SPEC + '!!int ""', r"cannot be used \(line 1\)"),
    "no float": (SPEC + '!!float ""', r"cannot be used \(line 1\)"),
    "no binary": (SPEC + '!!binary "aaa"', r"cannot be used \(line 3\)"),
    "date": (SPEC + "2001-99-99", r"cannot be used \(line 1\)"),
    "tags": ("".join(f"%TAG !a{i}! x\n" for i in range(60_000)) + "---\n", "more than 100 tags"),
    "octal": (SPEC + "0" + "7" * 5000, "cannot be used"),
    "sexagesimal": (SPEC + "1" + ":59" * 3000, "cannot be used"),
    "merged twice": ("a: &a {b: c}\nspec: {<<: *a, <<: *a}\n", r"the key '<<' twice \(line 2\)"),
    "merge bomb": (
        "a: &a {"
        + ",".join(f"k{i}: 1" for i in range(1000))
        + "}\n"
        + "".join(
            f"{name}: &{name} {{<<: [{','.join([f'*{before}'] * 9)}]}}\n"
            for before, name in zip("abcd", "bcde", strict=True)
        ),
        "has more than",
    ),
    "NUL": (SPEC + "a\0b", "is neither"),
    "int": (SPEC + '!!int "q"', r"cannot be used \(line"),
    "python": (SPEC + "!!python/object/apply:os.abort []", r"cannot be used \(line 3\)"),
    "hexadecimal": (SPEC + "0x" + "f" * 5000, "cannot be used"),
    "decimal": (SPEC + "1" * 5000, "cannot be used"),
    "infinite": (SPEC + ".inf", "cannot be used"),
    "large": (SPEC + "1.0e+999", "cannot be used"),
    "twice": (SPEC + "a\n  namespace: b\n", r"has the key 'namespace' twice \(line 4\)"),
    "twice by alias": ("spec: {&k namespace: a, *k : b}\n", "has the key 'namespace' twice"),
    "JSON twice": (
        '{"spec": {"namespace": "a",\n"namespace": "b"}}',
        r"has the key 'namespace' twice \(line 2\)",
    ),
    "JSON nested": ('{"spec": ' + "[" * 400_000, "is nested too deeply"),
    "JSON deep": ('{"spec": ' + "[" * 400_000 + "]" * 400_000 + "}", "is nested too deeply"),
    "JSON rather deep": ('{"spec": ' + "[" * 200 + "]" * 200 + "}", "is nested too deeply"),
    "JSON decimal": ('{"spec": {"namespace": ' + "1" * 5000 + "}}", "1 is not a valid number"),
    "JSON infinite": ('{"spec": {"namespace": 1e999}}', "1e999 is not a valid number"),
    "JSON NaN": ('{"spec": {"namespace": NaN}}', "NaN is not a valid number"),
}

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
from pathlib import Path
from kuke_ctr.errors import UsageError
from kuke_ctr.kukeon.realms import resolve
from kuke_ctr.kukeon.settings import Settings
settings = Settings(Path(sys.argv[1]), "default", None, None, ("ctr",), "x.io", "a test")
try:
    print(resolve("main", settings, existing=frozenset).namespace)
except UsageError as error:
    print(len(error.message) < 400, error.message)
"""


@pytest.mark.parametrize("trap", TRAPS)
def test_a_record_that_is_a_trap_is_refused_with_its_name(tmp_path: Path, trap: str) -> None:
    text, said = TRAPS[trap]
    path = tmp_path / "data/main/metadata.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"True {path}")
    with pytest.raises(UsageError, match=said):
        raise UsageError(done.stdout)


def test_merged_keys_and_the_same_key_in_two_places_are_no_trap(tmp_path: Path) -> None:
    path = tmp_path / "data/main/metadata.json"
    path.parent.mkdir(parents=True)
    path.write_text(
        "base: &base {namespace: a, kind: b}\nmore: &more {<<: *base, kind: c}\n"
        "spec: {<<: *more, namespace: team-a}\n"
    )
    settings = Settings(tmp_path, "default", None, None, ("ctr",), "kukeon.io", "a test")
    assert resolve("main", settings, existing=frozenset).namespace == "team-a"


@pytest.mark.parametrize("trap", ["bomb", "timestamp", "twice", "JSON decimal"])
def test_in_the_files_of_others_a_trap_is_a_warning(tmp_path: Path, trap: str) -> None:
    path = tmp_path / "kuke.yaml"
    path.write_text(TRAPS[trap][0])
    environ = {"KUKE_CONFIGURATION": str(path), "KUKE_CTR_CONFIG": "/dev/null"}
    (warning,) = load(Flags(), environ).warnings
    assert warning.startswith(str(path))


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ('run_path: "/a\\0b"', "run_path contains a control character", None),
        ('ctr: "ctr\\n-a x"', "ctr contains a control character", None),
        ('{"address": "/\\ud800"}', "address contains half a character", None),
        ("relam: main", "unknown key 'relam'", "perhaps: realm"),
        ("12: main", "unknown key '12'", "perhaps: realm, address"),
        ("realm: 12", "realm must be text", None),
        ("ctr: null", "ctr must be text", None),
        ("realms: [a]", "realms must be a mapping of names", "for example: realms:"),
        ("realms: {no: {namespace: x}}", "realm False needs a namespace", "put quotes around"),
        ("realms: {a: {namespace: ''}}", "realm 'a' needs a namespace", "put quotes around"),
        ("realms: {a: }", "realm 'a' needs a namespace", "put quotes around"),
        ("realm: a\nrealm: b", r"has the key 'realm' twice \(line 2\)", None),
    ],
)
def test_a_mistake_in_our_own_settings_says_what_and_where(
    tmp_path: Path, text: str, said: str, hint: str | None
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=said) as caught:
        load(Flags(), {"KUKE_CTR_CONFIG": str(path)})
    assert str(path) in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_the_realms_of_our_own_settings(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("realm: a\nrealms: {a: {namespace: x, note: ours}}\n")
    settings = load(Flags(), {"KUKE_CTR_CONFIG": str(path)})
    assert (settings.realm, settings.realms) == ("a", {"a": "x"})
    path.write_text("realms:\n")
    assert load(Flags(), {"KUKE_CTR_CONFIG": str(path)}).realms == {}
