"""The log lines of nerdctl."""

import json

from hypothesis import given
from hypothesis import strategies as st

from kuke_ctr.parse.nerdctl.logs import Logged, read_log

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@given(TEXT, TEXT)
def test_a_quoted_text_is_read_as_it_was(text: str, error: str) -> None:
    line = f'time="t" level=error msg={json.dumps(text)} error={json.dumps(error)}'
    assert list(read_log(line)) == [Logged("error", text, error)]


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    assert all(line.text or line.level for line in read_log(text))


def test_line_breaks_and_bytes_come_back() -> None:
    (line,) = read_log(r'time="t" level=fatal msg="1 errors:\nno \"x\" \x1b\u00e9\t"')
    assert line.text == '1 errors:\nno "x" \x1b\u00e9\t'
