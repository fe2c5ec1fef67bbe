"""kuke-ctr realms"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.commands.shared.lists import show, view_of
from kuke_ctr.commands.shared.option_table import (
    CALLS,
    FLEET,
    FORMS,
    IN_REALM,
    QUIET,
    RUN_PATH,
    WATCH,
    format_option,
    row_options,
)
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.commands.shared.output import note, print_lines
from kuke_ctr.errors import KukeCtrError, UsageError
from kuke_ctr.kukeon.realm_files import Fact, facts_of
from kuke_ctr.kukeon.realm_list import list_realms
from kuke_ctr.kukeon.realms import Resolution
from kuke_ctr.recipes.residuals import residuals
from kuke_ctr.records import Realm
from kuke_ctr.render import Output, align, choose_output, escape, to_json, to_yaml
from kuke_ctr.session import Session

app = typer.Typer()


@app.command("ls")
@takes(CALLS, RUN_PATH, row_options(*FORMS), WATCH, FLEET)
def ls(
    session: Session,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also list namespaces that belong to no realm (moby, k8s.io, ...)."
        ),
    ] = False,
) -> None:
    """List the realms of this host.

    Realms come from Kukeon's records, the settings and containerd's namespaces. If containerd does
    not answer, those of the records and settings are listed; if there are none, it is an error.

    Examples:

        kuke-ctr realms ls
        kuke-ctr realms ls --all -o wide

    A note names each residual namespace (`main.kukeon.io` beside a realm main whose namespace is
    kukeon-main), because `kuke image load` puts images there.

    Runs `ctr namespaces ls -q`, and counts what is in residual namespaces. Records: Realm.
    """
    view = view_of(session, Realm)
    known = session.host.known_namespaces()
    found = list_realms(session.host.settings, known, show_all=everything)
    if found.realms:
        _existing(session)
    for warning in found.warnings:
        note(f"warning: {warning}")
    if not found.realms and known is None:
        session.host.namespaces  # noqa: B018 (raises: nobody knows)
    show(session, view, found.realms)
    if not session.options.dry_run:
        for one in residuals(session.ctr, found.realms):
            note(one.brief(session.ctr))
    if not found.realms:
        note(f"no realm found, neither under {session.host.settings.run_path} nor in containerd")


@app.command("resolve")
@takes(
    IN_REALM,
    format_option(Output.TABLE, Output.WIDE, Output.JSON, Output.JSONL, Output.YAML, Output.NAME),
    QUIET,
)
def resolve(
    session: Session,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The realm.")] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Show each rule, what it found, and which rule decided."),
    ] = False,
) -> None:
    """Show the namespace of a realm, and with --explain how it was found.

    --explain also shows the run path, containerd's socket and the suffix of Kukeon's namespaces,
    and which file or option they came from.

    Examples:

        kuke-ctr realms resolve main
        kuke-ctr realms resolve main --explain

    Runs `ctr namespaces ls -q`. Records: one object with name, namespace, source, exists, rules;
    with --explain also host.
    """
    options = session.options
    form = choose_output(options.output, options.quiet)
    resolution = session.host.resolve(
        one_name(session, name),
        namespace=options.namespace,
        manifest=Path(options.manifest) if options.manifest is not None else None,
        lenient=True,
    )
    for warning in resolution.warnings:
        note(f"warning: {warning}")
    existing = _existing(session)
    exists = None if existing is None else resolution.namespace in existing
    _print(resolution, exists, form, facts_of(session.host.settings) if explain else None)


def one_name(session: Session, name: str | None) -> str | None:
    """The realm that was named, as an argument or by --realm; UsageError where both name others."""
    realm = session.options.realm
    if name is not None and realm not in (None, name):
        raise UsageError(f"two realms were given: {name} and {realm}", hint="leave one of them out")
    return name if name is not None else realm


def _print(
    resolution: Resolution, exists: bool | None, form: Output, facts: Sequence[Fact] | None
) -> None:
    document: dict[str, object] = {
        "name": resolution.name,
        "namespace": resolution.namespace,
        "source": resolution.source.value,
        "exists": exists,
        "rules": [
            {"rule": rule.rule, "found": rule.found, "namespace": rule.namespace, "won": rule.won}
            for rule in resolution.rules
        ],
    }
    if facts is not None:
        document["host"] = {
            fact.name.replace(" ", "_"): {"value": fact.value, "source": fact.source}
            for fact in facts
        }
    if form in (Output.JSON, Output.JSONL):
        print_lines([to_json(document, indent=2 if form is Output.JSON else None)])
    elif form is Output.YAML:
        print_lines([to_yaml(document)])
    elif form is Output.NAME:
        print_lines([resolution.namespace])
    elif form in (Output.CSV, Output.RAW):
        raise UsageError(
            f"-o {form} is not possible for one realm", hint="use -o json, -o yaml or -q"
        )
    else:
        known = {True: "yes", False: "no", None: "unknown"}[exists]
        row = (resolution.name, resolution.namespace, resolution.source.value, known)
        print_lines(align([("NAME", "NAMESPACE", "SOURCE", "EXISTS"), row]))
        if facts is not None:
            _explain(resolution, facts)


def _explain(resolution: Resolution, facts: Sequence[Fact]) -> None:
    """Each rule and what it found, then what is known of the host and from where."""
    rules = [("RULE", "WON", "NAMESPACE", "FOUND")]
    rules += [
        (rule.rule, "yes" if rule.won else "", rule.namespace or "-", escape(rule.found))
        for rule in resolution.rules
    ]
    host = [("SETTING", "VALUE", "FROM")]
    host += [(fact.name, escape(fact.value or "-"), escape(fact.source)) for fact in facts]
    print_lines(["", *align(rules), "", *align(host)])


def _existing(session: Session) -> frozenset[str] | None:
    """containerd's namespaces; where it can't be asked a note says why, and the rest goes on."""
    try:
        return session.host.namespaces
    except KukeCtrError as error:
        note(f"warning: containerd did not say which namespaces exist: {error.message}")
        return None
