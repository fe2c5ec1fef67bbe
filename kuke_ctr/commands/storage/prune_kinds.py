"""What `prune` does with each kind, one after the other: what one frees, the next one sees."""

import sys
from collections.abc import Callable, Sequence

from kuke_ctr.backends.ctr import content, images, leases, snapshots
from kuke_ctr.commands.shared.confirm import counted
from kuke_ctr.commands.shared.ctr_flags import flags
from kuke_ctr.commands.shared.hints import scoped
from kuke_ctr.commands.shared.output import note, show_error
from kuke_ctr.commands.storage.snapshots_rm import children_first
from kuke_ctr.errors import KukeCtrError, NotFound
from kuke_ctr.parse.units import in_units
from kuke_ctr.recipes.disk.plan import Plan, row_of_snapshot
from kuke_ctr.recipes.unused_snapshots import unused_snapshots
from kuke_ctr.records import Prunable
from kuke_ctr.render import escape
from kuke_ctr.session import OpenRealm, Session

_NOUNS = {"image": "image", "snapshot": "snapshot", "lease": "lease", "content": "layer"}


def told_kinds(rows: Sequence[Prunable]) -> str:
    """`2 images, 1 snapshot`."""
    kinds = [row.kind for row in rows]
    return ", ".join(counted(kinds.count(kind), _NOUNS[kind]) for kind in dict.fromkeys(kinds))


def bytes_of(rows: Sequence[Prunable]) -> str:
    """`about 2.0 MiB`: what the rows free together, as far as it is known."""
    return f"about {in_units(sum(row.freed_bytes or 0 for row in rows))}"


class Removal:
    """Removes the rows of a plan. `done` are those that went, `errors` what went wrong.

    The names of the done are printed, unless `quietly`. In a dry run the calls are printed.
    """

    def __init__(
        self,
        session: Session,
        realm: OpenRealm,
        plan: Plan,
        spare: Callable[[str], bool],
        *,
        quietly: bool,
    ) -> None:
        self.session, self.realm, self.plan, self.spare = session, realm, plan, spare
        self.quietly = quietly
        self.done: list[Prunable] = []
        self.errors: list[KukeCtrError] = []

    def run(self, rows: Sequence[Prunable], now: Plan) -> None:
        """Remove those of the rows; `now` is what would be planned now."""
        of = {kind: [row for row in rows if row.kind == kind] for kind in _NOUNS}
        scope = self.realm.scope
        self._each(of["image"], lambda row, last: images.remove(scope, row.name, flags(sync=last)))
        self._snapshots(of["snapshot"], now)
        self._content(of["content"], now)
        self._each(of["lease"], lambda row, last: leases.remove(scope, row.name, flags(sync=last)))

    def _each(self, rows: Sequence[Prunable], remove: Callable[[Prunable, bool], object]) -> None:
        """Remove the rows; the last one is told so, and waits for containerd to collect."""
        for row in rows:
            try:
                remove(row, row is rows[-1])
            except NotFound:
                note(f"containerd has already removed {row.name}")
            except KukeCtrError as error:
                self._failed(error)
            else:
                self._went(row)

    def _snapshots(self, rows: Sequence[Prunable], now: Plan) -> None:
        """Remove the snapshots, children first; with those that only the images have held.

        containerd itself has collected most of these, but not what a label of its own keeps.
        """
        if not self.plan.kinds.snapshots:
            return
        planned = {(row.snapshotter, row.name): row for row in rows}
        images_gone = any(row.kind == "image" for row in self.done)
        for name, before in now.found.items():
            found = before
            if images_gone:
                found = unused_snapshots(self.realm.scope, name, self.spare)
                swept = (pair for pair in self.plan.swept if pair[0] == name)
                # what they free is counted with the images
                planned |= {pair: row_of_snapshot(*pair, {pair: 0}) for pair in swept}
            known = {one.key: one for one in found.unused}
            keys = children_first([key for key in known if (name, key) in planned], known)
            self._each([planned[name, key] for key in keys], self._remove_snapshot)

    def _remove_snapshot(self, row: Prunable, _last: bool) -> None:
        self.realm.scope.change(*snapshots.words(row.snapshotter, "rm", row.name))

    def _content(self, rows: Sequence[Prunable], now: Plan) -> None:
        """Remove the layers: ctr takes all that there are, so there may be none but those asked."""
        if not rows:
            return
        if self.errors:  # it may be about an image, whose layers nobody was asked about
            note("no layer was removed, because something else could not be")
            return
        planned = {row.name for row in self.plan.rows if row.kind == "content"}
        if new := [row for row in now.rows if row.kind == "content" and row.name not in planned]:
            came = counted(len(new), "more layer")
            note(f"no layer was removed: {came} could be removed now; run the command again")
            return
        scope, dry_run = self.realm.scope, self.session.options.dry_run
        try:
            scope.change("content", "prune", "references")
            left = set() if dry_run else set(content.digests(scope))
        except KukeCtrError as error:
            self._failed(error)
            return
        for row in rows:
            if row.name in left:
                note(f"{row.name} was not removed, because something else needs it")
            else:
                self._went(row)

    def _went(self, row: Prunable) -> None:
        if self.session.options.dry_run:
            return
        self.done.append(row)
        if not self.quietly:
            print(escape(row.name))

    def _failed(self, error: KukeCtrError) -> None:
        sys.stdout.flush()
        show_error(scoped(error, self.session.options))
        self.errors.append(error)
