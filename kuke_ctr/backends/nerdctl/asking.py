"""Documents of many things: some in one call, since each start of nerdctl takes 25 ms."""

from collections.abc import Callable, Sequence

from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.errors import NotFound, Reason
from kuke_ctr.processes.calls import Result

Words = Callable[[Sequence[str]], tuple[str, ...]]
"""Makes the words of a call about these names."""


def outputs(
    nerdctl: Nerdctl, namespace: str, names: Sequence[str], together: int, *forms: Words
) -> list[str]:
    """What nerdctl printed about these names, so many of them in one call; probes.

    nerdctl 2.x prints nothing at all where one of several names is not there, and a recording may
    have a call for each name, in any of the `forms`: then each name is asked for by itself. One
    that is not there, or is no name for nerdctl, is left out: who asked sees that it is missing.
    Raises what else nerdctl fails with.
    """
    groups = [names[i : i + together] for i in range(0, len(names), together)]
    calls = [nerdctl.call(*forms[0](group), namespace=namespace, probe=True) for group in groups]
    printed: list[str] = []
    alone: list[str] = []
    for group, said in zip(groups, nerdctl.answers(calls), strict=True):
        if said is not None and (said.exit_code == 0 or len(group) == 1):
            printed += _text(nerdctl, said)
        else:
            alone += group
    for form in forms:
        calls = [nerdctl.call(*form([name]), namespace=namespace, probe=True) for name in alone]
        answers = dict(zip(alone, nerdctl.answers(calls), strict=True))
        for said in filter(None, answers.values()):
            printed += _text(nerdctl, said)
        alone = [name for name, said in answers.items() if said is None]
    return printed


def _text(nerdctl: Nerdctl, said: Result) -> list[str]:
    """What was printed about one name, nothing where there is no such one; raises what failed."""
    if said.exit_code != 0:
        error = nerdctl.failure(said)
        if not isinstance(error, NotFound) and error.reason is not Reason.INVALID_REFERENCE:
            raise error
    return [said.stdout.decode(errors="surrogateescape")]
