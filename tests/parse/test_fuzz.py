"""Every parser and reader of files, fed with broken and hostile texts (scripts/fuzz for longer)."""

from scripts.lib.fuzz import problems


def test_no_text_is_a_bug() -> None:
    assert list(problems(seed=20, texts=20_000)) == []
