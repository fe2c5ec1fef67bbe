"""The values of Kukeon's Secrets in what `containers info` prints: masked, and said so."""

from kuke_ctr.commands.shared.output import note
from kuke_ctr.kukeon.secrets import Hidden, hidden_in
from kuke_ctr.processes.environments import Hides
from kuke_ctr.render import Output
from kuke_ctr.session import OpenRealm, Session


def hiding(session: Session, realm: OpenRealm, container: str, text: str) -> Hides | None:
    """Which variables to mask in what `containers info` printed, with a note; None: none of them.

    The raw form is printed as it is, and the note says so.
    """
    run_path = session.host.settings.run_path
    found = hidden_in(run_path, realm.resolution, container, text)
    if not found.names:
        return None
    if session.options.output is Output.RAW:
        note(f"note: -o raw is what ctr printed, with the values of {_told(found)}")
    else:
        note(f"note: masked the values of {_told(found)}; --show-secrets shows them")
    return found.hides


def _told(found: Hidden) -> str:
    names = ", ".join(sorted(found.names))
    if found.recorded:
        return f"{names} (from Kukeon Secrets)"
    return f"{names} (no record of Kukeon can be read that says which are Secrets)"
