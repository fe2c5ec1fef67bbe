"""kuke-ctr config"""

import os
from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import FORMS, HOST, RUN_PATH, SCOPE, row_options
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.kukeon.realm_files import facts_of
from kuke_ctr.kukeon.settings import Settings
from kuke_ctr.names import near
from kuke_ctr.processes.shell_words import shell_line
from kuke_ctr.records import Setting
from kuke_ctr.session import Session

app = typer.Typer()

VARIABLES = (
    *("KUKE_CTR_REALM", "KUKE_CTR_BIN", "KUKE_CTR_CONFIG", "KUKE_CTR_NICE"),
    *("KUKE_CTR_BACKEND", "KUKE_CTR_NERDCTL"),
    "KUKE_CTR_HOST",
    "KUKE_CTR_SUDO",  # of --sudo
)
"""The variables of the environment that are kuke-ctr's own."""


@app.command("show")
@takes(SCOPE[:1], RUN_PATH, HOST[1:], row_options(*FORMS))
def show_settings(
    session: Session,
    origin: Annotated[
        bool,
        typer.Option("--origin", help="Also show which option, variable or file gave each value."),
    ] = False,
) -> None:
    """Show the settings that hold now.

    An option comes before a variable, that before your own settings file, and that before
    /etc/kuke-ctr/config.yaml; each value is looked for by itself. With --origin a note names the
    settings files that were read, and those that do not exist.

    Examples:

        kuke-ctr config show
        kuke-ctr config show --origin

    Runs nothing. Records: Setting.
    """
    if origin and not session.options.columns:
        session.options = session.options._replace(columns=Setting.wide)
    view = view_of(session, Setting)
    settings = session.host.settings
    show(session, view, list(settings_of(settings)))
    for warning in unknown_variables(os.environ):
        note(f"warning: {warning}")
    if origin:
        for path, was_read in settings.own.files:
            state = "read" if was_read else "not used (no such file, or empty)"
            note(f"settings file {path}: {state}")


def settings_of(settings: Settings) -> Iterator[Setting]:
    """Each setting, in the order of docs/realms.md; then the realms of the settings files."""
    found = {fact.name: fact for fact in facts_of(settings)}
    if settings.far is not None:
        yield Setting(key="host", value=str(settings.far), origin=settings.far_source)
    yield Setting(key="realm", value=settings.realm, origin=settings.realm_source)
    for key, name in (("run_path", "run path"), ("address", "socket")):
        yield Setting(key=key, value=found[name].value, origin=found[name].source)
    yield Setting(key="ctr", value=shell_line(settings.ctr), origin=settings.ctr_source)
    yield Setting(key="backend", value=settings.backend, origin=settings.backend_source)
    yield Setting(key="nerdctl", value=settings.nerdctl, origin=settings.nerdctl_source)
    yield Setting(key="suffix", value=found["suffix"].value, origin=found["suffix"].source)
    for name, namespace in sorted(settings.realms.items()):
        key = f"realms.{name}"
        yield Setting(key=key, value=namespace, origin=settings.own.origin(key))


def unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """A warning for each variable that looks like one of ours, and that nothing reads."""
    for name in sorted(environ):
        if name.startswith("KUKE_CTR_") and name not in VARIABLES:
            meant = near(name, VARIABLES)
            yield f"nothing reads {name}" + (f"; perhaps {meant[0]} was meant" if meant else "")
