"""`nerdctl pull`, `push`, `load`, `save`: ctr's words are translated where that is possible.

Who signs in stays with ctr: nerdctl would need the password in a file of its own. Without it
nerdctl uses what `nerdctl login` has stored.
"""

from collections.abc import Sequence

from kuke_ctr.backends.ctr.failures import reader_gone
from kuke_ctr.backends.ctr.transfer import TransferStreams, Verb
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.versions import numbers
from kuke_ctr.errors import UsageError
from kuke_ctr.parse.image_names import is_exact
from kuke_ctr.processes.calls import Result

_WITH_VALUE = ("--platform", "--hosts-dir")
_SWITCHES = {
    "--all-platforms": "--all-platforms",
    "--plain-http": "--insecure-registry",
    "--skip-verify": "--insecure-registry",
    "--local": "",  # how ctr itself transfers
}


def words_of(
    nerdctl: Nerdctl, verb: Verb, flags: Sequence[str], names: Sequence[str]
) -> tuple[str, ...]:
    """nerdctl's words for `ctr images VERB FLAGS NAMES`; UsageError, which says why there are none.

    No name may mean another image to nerdctl. Runs `nerdctl --version` for several of `save`.
    """
    theirs = {"import": "load", "export": "save"}.get(verb, verb)
    refs = {"import": (), "export": names[1:]}.get(verb, names)  # a file stands first
    translated = _flags(theirs, flags)
    for ref in refs:
        if not is_exact(ref):
            raise UsageError(f"nerdctl {theirs} may take another image for {ref}")
    if verb == "pull":
        return ("pull", "--quiet", *translated, *names)
    if verb == "push":
        if len(names) > 1:
            raise UsageError("nerdctl pushes an image under its own name only")
        every = () if "--platform" in translated else ("--all-platforms",)
        return ("push", *every, *translated, *names)
    if verb == "import":
        (file,) = names
        return ("load", *translated, *(("--input", file) if file != "-" else ()))
    if len(refs) > 1 and numbers(nerdctl) < (2,):
        raise UsageError("nerdctl 1.7 saves one name of an image only")
    return ("save", *translated, *refs)  # to stdout


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


def _flags(theirs: str, flags: Sequence[str]) -> tuple[str, ...]:
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
            raise UsageError(f"nerdctl {theirs} has no {name}")
    return tuple(found)
