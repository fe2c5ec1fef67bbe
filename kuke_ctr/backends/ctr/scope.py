"""A ctr and a namespace, which travel together: nearly every call is about both."""

from typing import NamedTuple

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.ctr.lines import line_in
from kuke_ctr.processes.calls import Call, Result


class Scope(NamedTuple):
    """One namespace of one host: what an operation on containers, images, content is about."""

    ctr: Ctr
    namespace: str

    def call(self, *words: str, probe: bool = False) -> Call:
        """A call of ctr in this namespace; a `probe` runs in a dry run too."""
        return self.ctr.call(*words, namespace=self.namespace, probe=probe)

    def run(self, *words: str, probe: bool = False) -> Result:
        """Run one call that reads; an exit code other than 0 is an error."""
        return self.ctr.run(*words, namespace=self.namespace, probe=probe)

    def change(self, *words: str) -> Result:
        """Run one call that changes something, or plan it in a dry run; errors as `run`."""
        return self.ctr.change(*words, namespace=self.namespace)

    def line(self, *words: str) -> str:
        """A command of kuke-ctr for a hint, in backticks, that can be pasted as it stands."""
        return line_in(self.namespace, *words, typed=self.ctr.typed)
