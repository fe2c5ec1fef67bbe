"""`nerdctl pull`, `push`, `load`, `save`: ctr's words are translated where that is possible.

Who signs in stays with ctr: nerdctl would need the password in a file of its own. Without it
nerdctl uses what `nerdctl login` has stored.
"""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.failures import reader_gone
from kuke_ctr.backends.ctr.transfer import TransferStreams, Verb
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.processes.calls import Result

_WITH_VALUE = ("--platform", "--hosts-dir")
_SWITCHES = {
    "--all-platforms": "--all-platforms",
    "--plain-http": "--insecure-registry",
    "--skip-verify": "--insecure-registry",
    "--local": "",  # how ctr itself transfers
}


def words_of(verb: Verb, flags: Sequence[str], names: Sequence[str]) -> tuple[str, ...] | None:
    """nerdctl's words for `ctr images VERB FLAGS NAMES`; None where it has none."""
    translated = _flags(flags)
    if translated is None:
        return None
    if verb == "pull":
        return ("pull", "--quiet", *translated, *names)
    if verb == "push":
        if len(names) > 1:
            return None  # under another name
        every = () if "--platform" in translated else ("--all-platforms",)
        return ("push", *every, *translated, *names)
    if verb == "import":
        (file,) = names
        return ("load", *translated, *(("--input", file) if file != "-" else ()))
    return ("save", *translated, *names[1:])  # the file stands first; it is stdout


def run(nerdctl: Nerdctl, namespace: str, words: Sequence[str], streams: TransferStreams) -> Result:
    """Run it, without a time limit but that of the user; BrokenPipeError as ctr's `run`."""
    call = nerdctl.call(*words, namespace=namespace)._replace(
        timeout=nerdctl.change_timeout,
        stdin=streams.stdin,
        stdout=streams.stdout,
        source=streams.source,
        writes=streams.writes,
    )
    follows = words[0] in ("load", "save")  # what nerdctl draws is not read
    result = nerdctl.processes.run(call, streams.meanwhile if follows else None)
    if reader_gone(result):
        raise BrokenPipeError
    return nerdctl.checked(result)


def _flags(flags: Sequence[str]) -> tuple[str, ...] | None:
    words = list(flags)
    found: list[str] = []
    while words:
        word = words.pop(0)
        name, equals, _ = word.partition("=")
        if name in _WITH_VALUE:
            found += [word] if equals else [word, words.pop(0)]
        elif word in _SWITCHES:
            found += [_SWITCHES[word]] if _SWITCHES[word] not in (*found, "") else []
        else:
            return None
    return tuple(found)
