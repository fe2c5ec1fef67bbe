"""A line of bash up to the cursor, read without expanding anything."""

import pytest

from kuke_ctr.completion.line import Word, is_redirected, replacement, words_of


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a b", ["a", "b"]),
        ("a  b ", ["a", "b", ""]),
        ("a 'b c' \"d'e\" f\\ g", ["a", "b c", "d'e", "f g"]),
        ("a 'b ", ["a", "b "]),
        ("a 'b' ", ["a", "b", ""]),
        ("a b\\ ", ["a", "b "]),
        ("a $'x\\ny' z", ["a", "$x\\ny", "z"]),
        ("a \"\\$b\\x\"", ["a", "$b\\x"]),
        ("a b\\", ["a", "b"]),
        ("", [""]),
    ],
)  # fmt: skip
def test_words(line: str, values: list[str]) -> None:
    assert [word.value for word in words_of(line)] == values


@pytest.mark.parametrize(
    "typed", ["'a'", "$a", "a$(b", "`a", '"$a', '"`', "a;b", "a>b", "{a", "$'a"]
)
def test_nothing_is_put_behind_an_odd_word(typed: str) -> None:
    (word,) = words_of(typed)
    assert word.odd
    assert replacement(word, typed, f"{word.value}x") is None


@pytest.mark.parametrize(
    ("typed", "text", "value", "put"),
    [
        ("a", "a", "ab c", "ab\\ c"),
        ("a:b", "b", "a:b$c", "b\\$c"),
        ("a\\ b:", "", "a b:c", "c"),
        ("'a b", "a b", "a b'c", "a b'\\''c"),
        ('"a', "a", "a`$b", "a\\`\\$b"),
        ('"a', "a", "a!", None),
        ("'a", "a", "a'", None),
        ("a", "b", "ab", None),
        ("a", "a", "b", None),
        ("", "", "~a", "\\~a"),
    ],
)
def test_what_is_put_in_the_place_of_the_end_of_a_word(
    typed: str, text: str, value: str, put: str | None
) -> None:
    assert replacement(words_of(typed)[-1], text, value) == put


def test_a_word_behind_a_sign_of_redirection() -> None:
    assert is_redirected(words_of("a > b"), "b")
    assert is_redirected(words_of("a >b"), "b")
    assert not is_redirected(words_of("a '>' b"), "b")
    assert not is_redirected([Word("a", "a"), Word("b", "b")], "b")
