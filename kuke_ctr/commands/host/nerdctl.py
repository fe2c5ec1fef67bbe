"""kuke-ctr nerdctl"""

from typing import Annotated

import typer

from kuke_ctr.backends.ctr.client import Ctr
from kuke_ctr.backends.nerdctl.client import Nerdctl
from kuke_ctr.backends.nerdctl.command_line import Typed, read
from kuke_ctr.backends.nerdctl.versions import WITHOUT, require_runnable, require_usable
from kuke_ctr.commands.host.ctr import warn_of_no_namespace
from kuke_ctr.commands.host.nerdctl_guard import refuse_harm
from kuke_ctr.commands.shared.option_table import HOST, SCOPE, TRACE
from kuke_ctr.commands.shared.options import takes
from kuke_ctr.errors import CtrMissing, KukeCtrError, UsageError
from kuke_ctr.kukeon.nerdctl import nerdctl_of
from kuke_ctr.session import Session

app = typer.Typer()


@app.command(context_settings={"allow_interspersed_args": False})
@takes(SCOPE, TRACE, HOST)
def nerdctl(
    session: Session,
    args: Annotated[
        list[str], typer.Argument(metavar="ARGS", help="The words for nerdctl, after --.")
    ],
) -> None:
    """Run any nerdctl command in the realm's namespace: build, compose, login, network, ...

    kuke-ctr fills in --address and --namespace and is replaced by nerdctl: terminal, signals and
    exit code are nerdctl's, and its own settings file counts. What would change Kukeon's
    containers, or remove images that Kukeon needs, is refused.

    Examples:

        kuke-ctr nerdctl -r main -- build -t registry.example/app:1.0 .
        kuke-ctr nerdctl -r main -- compose up -d

    Runs `nerdctl ARGS...`.
    """
    if session.options.record is not None or session.options.replay is not None:
        raise UsageError(
            "`kuke-ctr nerdctl` cannot be recorded or replayed: nerdctl replaces kuke-ctr",
            hint="leave --record and --replay out",
        )
    typed = read(args)
    realm = session.realm(changing=True)  # who knows what the words do
    client = nerdctl_of(session.host.settings, session.ctr)
    _refuse_words(typed, realm.namespace, client.address)
    _require(client, session.ctr, typed)
    if typed.needs_containerd:
        warn_of_no_namespace(realm, "nerdctl")
        refuse_harm(realm, typed)
    call = client.as_typed(args, namespace=realm.namespace, asks=typed.needs_containerd)
    session.ctr.processes.become(call)


def _require(client: Nerdctl, ctr: Ctr, typed: Typed) -> None:
    """Raise where nerdctl can't be run, or would ask another containerd than the one looked at.

    What `versions.require_usable` raises, with what helps where nothing else can do it.
    """
    try:
        if typed.needs_containerd:
            require_usable(client, ctr)
        else:
            require_runnable(client, rootless=True)
    except CtrMissing as error:
        cannot = "ctr alone has no build, compose, login, network or volume"
        raise error.but(hint=f"install nerdctl, or name it with --nerdctl PATH; {cannot}") from None
    except KukeCtrError as error:  # --backend is nothing here
        raise error.but(hint=(error.hint or "").removesuffix(f"; {WITHOUT}")) from None


def _refuse_words(typed: Typed, namespace: str, address: str) -> None:
    """UsageError for another namespace, another containerd, or a password that anybody can read.

    And for a flag before the verb that is not known, as nothing could be said of what follows it.
    """
    unknown = typed.unknown_flag()
    if unknown is not None:
        raise UsageError(
            f"{unknown} stands before nerdctl's verb, and kuke-ctr does not know it there",
            hint="write it behind the verb: nerdctl takes its long global flags there as well",
        )
    for flag in typed.others(namespace, address):
        raise UsageError(
            f"{flag} cannot be given to nerdctl: kuke-ctr fills it in",
            hint="give --realm, --namespace or --address to kuke-ctr, before the --; if it is a "
            "word for a program in a container, write -- before the image or the container",
        )
    password = typed.password_flag()
    if password is not None:
        raise UsageError(
            f"{password} would show the password in `ps` and in the trace",
            hint="use --password-stdin < FILE, or leave it out: nerdctl asks for it",
        )
