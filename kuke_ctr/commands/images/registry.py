"""kuke-ctr images pull, push"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.backends.ctr import versions
from kuke_ctr.commands.images.references import near_refs
from kuke_ctr.commands.images.transfer_options import (
    REGISTRY,
    AllPlatforms,
    HostsDir,
    Labels,
    Local,
    PlainHttp,
    Platforms,
    SkipVerify,
    exclude_platforms,
    require_platforms,
    run_transfer,
    show_images,
    streams_of,
    words_of,
)
from kuke_ctr.commands.shared.confirm import CreateNamespace
from kuke_ctr.commands.shared.ctr_flags import WithExtra, flags
from kuke_ctr.commands.shared.labels import checked_labels
from kuke_ctr.commands.shared.lists import view_of
from kuke_ctr.commands.shared.options import EXTRA, IN_REALM, Snapshotter, row_options, takes
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.recipes import transfers
from kuke_ctr.records import Image
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.user_terminal import is_terminal

app = typer.Typer()

TlsCaCert = Annotated[
    str | None,
    typer.Option(
        "--tlscacert",
        metavar="FILE",
        help="Certificate of the CA that signed the registry's certificate.",
        rich_help_panel=REGISTRY,
    ),
]
TlsCert = Annotated[
    str | None,
    typer.Option("--tlscert", metavar="FILE", help="Client certificate.", rich_help_panel=REGISTRY),
]
TlsKey = Annotated[
    str | None,
    typer.Option(
        "--tlskey", metavar="FILE", help="Key of the client certificate.", rich_help_panel=REGISTRY
    ),
]
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        "-u",
        metavar="NAME",
        help="User name; kuke-ctr asks for the password.",
        rich_help_panel=REGISTRY,
    ),
]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin", help="Read the password from stdin.", rich_help_panel=REGISTRY
    ),
]
RealmCredentials = Annotated[
    bool,
    typer.Option(
        "--realm-credentials",
        help="Sign in with the credentials for this registry in the realm's record.",
        rich_help_panel=REGISTRY,
    ),
]


Reference = Annotated[
    str,
    typer.Argument(metavar="IMAGE", help="Full name: docker.io/library/busybox:1.36"),
]


@app.command("pull", cls=WithExtra)
@takes(IN_REALM, row_options(), EXTRA)
def pull(
    session: Session,
    reference: Reference,
    platform: Platforms = None,
    all_platforms: AllPlatforms = False,
    snapshotter: Snapshotter = None,
    label: Labels = None,
    plain_http: PlainHttp = False,
    skip_verify: SkipVerify = False,
    hosts_dir: HostsDir = None,
    tlscacert: TlsCaCert = None,
    tlscert: TlsCert = None,
    tlskey: TlsKey = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    realm_credentials: RealmCredentials = False,
    local: Local = False,
    create_namespace: CreateNamespace = False,
) -> None:
    """Fetch an image from a registry and unpack it.

    Exit code 3 if the registry does not have the image, or not for this platform. What follows `--`
    is passed to ctr.

    Runs `ctr images pull IMAGE`. Records: Image.
    """
    view = view_of(session, Image)
    exclude_platforms(platform, all_platforms)
    login = _Login(user, password_stdin, realm_credentials)
    login.check()
    labels = checked_labels(label or [])
    realm = session.realm(changing=True, create=create_namespace)
    typed = flags(
        platform=platform,
        all_platforms=all_platforms,
        snapshotter=snapshotter,
        label=labels,
        plain_http=plain_http,
        skip_verify=skip_verify,
        hosts_dir=hosts_dir,
        tlscacert=tlscacert,
        tlscert=tlscert,
        tlskey=tlskey,
    )
    words = words_of(session, "pull", typed, local)
    sign_in, secret = login.resolve(session, realm, reference)
    with (
        streams_of(session, view, secret=secret) as streams,
        transfers.told_what_is_left(realm.scope),
    ):
        result = run_transfer(realm, "pull", (*sign_in, *words), (reference,), streams)
    if result.planned:
        return
    image = transfers.named(realm.scope, reference)
    show_images(session, view, [image])
    require_platforms([image], _wanted(platform, all_platforms))


@app.command("push", cls=WithExtra)
@takes(IN_REALM, row_options(), EXTRA)
def push(
    session: Session,
    remote: Annotated[
        str,
        typer.Argument(
            metavar="REMOTE", help="Name in the registry: registry.example/team/app:1.0"
        ),
    ],
    image: Annotated[
        str | None,
        typer.Argument(
            metavar="IMAGE", help="Name of the image in the realm; default: the same name."
        ),
    ] = None,
    platform: Platforms = None,
    plain_http: PlainHttp = False,
    skip_verify: SkipVerify = False,
    hosts_dir: HostsDir = None,
    tlscacert: TlsCaCert = None,
    tlscert: TlsCert = None,
    tlskey: TlsKey = None,
    user: User = None,
    password_stdin: PasswordStdin = False,
    realm_credentials: RealmCredentials = False,
    local: Local = False,
) -> None:
    """Send an image to a registry.

    Exit code 3 if the realm does not have the image. What follows `--` is passed to ctr.

    Runs `ctr images push REMOTE [IMAGE]`. Records: Image.
    """
    view = view_of(session, Image)
    login = _Login(user, password_stdin, realm_credentials)
    login.check()
    realm = session.realm(changing=True)
    typed = flags(
        platform=platform,
        plain_http=plain_http,
        skip_verify=skip_verify,
        hosts_dir=hosts_dir,
        tlscacert=tlscacert,
        tlscert=tlscert,
        tlskey=tlskey,
    )
    words = words_of(session, "push", typed, local)
    if platform and len(platform) > 1 and ("--local" in words or _is_old(session)):
        raise UsageError(
            "this version of ctr can push only one --platform, or all of them",
            hint="give --platform once, or leave it out",
        )
    source = image or remote
    sign_in, secret = login.resolve(session, realm, remote)
    names = (remote,) if image is None else (remote, image)
    with streams_of(session, view, secret=secret) as streams, near_refs(realm, [source]):
        result = run_transfer(realm, "push", (*sign_in, *words), names, streams)
    if not result.planned:
        show_images(session, view, [transfers.named(realm.scope, source)])


def _is_old(session: Session) -> bool:
    return versions.client(session.ctr) < (2,)


def _wanted(platform: Sequence[str] | None, all_platforms: bool) -> list[str]:
    return [] if all_platforms else list(platform or [transfers.host_platform()])


@dataclass(frozen=True, slots=True)
class _Login:
    """Who signs in, as it was typed."""

    user: str | None
    password_stdin: bool
    realm_credentials: bool

    def check(self) -> None:
        """Raise UsageError for what can't be, before anything is asked."""
        from kuke_ctr.kukeon.credentials import check_user

        if self.user is not None:
            check_user(self.user)
            if self.realm_credentials:
                raise UsageError(
                    "--user and --realm-credentials cannot be combined",
                    hint="leave one of them out",
                )
        elif self.password_stdin:
            raise UsageError("--password-stdin needs --user NAME", hint="--user NAME")

    def resolve(
        self, session: Session, realm: OpenRealm, reference: str
    ) -> tuple[tuple[str, ...], str | None]:
        """ctr's flags for the sign-in and the secret; asks for it, or announces whose it is."""
        if self.user is None and not self.realm_credentials:
            return (), None
        extra = [word.lstrip("-").partition("=")[0] for word in session.options.extra]
        if "http-dump" in extra:
            raise UsageError(
                "--http-dump would print the password",
                hint="leave out --http-dump, or do not sign in",
            )
        if self.realm_credentials:
            return self._of_realm(session, realm, reference)
        assert self.user is not None
        if session.options.dry_run:
            return ("--user", self.user), None
        return ("--user", self.user), _ask(self.user, reference, self.password_stdin)

    @staticmethod
    def _of_realm(
        session: Session, realm: OpenRealm, reference: str
    ) -> tuple[tuple[str, ...], str | None]:
        from kuke_ctr.kukeon import credentials
        from kuke_ctr.kukeon.realms import realm_documents

        options = session.options
        if options.namespace is not None:
            raise UsageError(
                "--realm-credentials needs a realm, and --namespace does not name one",
                hint="name the realm with --realm",
            )
        manifest = Path(options.manifest) if options.manifest is not None else None
        found = credentials.of_realm(
            realm_documents(realm.name, session.host.settings, manifest=manifest), reference
        )
        host = credentials.registry_of(reference)
        note(f"signing in to {host} as {found.user} ({found.source})")
        return ("--user", found.user), None if options.dry_run else found.secret


def _ask(user: str, reference: str, from_stdin: bool) -> str:
    """The password: the line on stdin, or what is typed at a terminal without an echo."""
    from kuke_ctr.kukeon.credentials import LONGEST, check_secret, registry_of

    at_terminal = is_terminal(0) and is_terminal(2)
    if from_stdin and is_terminal(0):
        raise UsageError(
            "--password-stdin cannot read from a terminal, where the password would be visible",
            hint="leave it out; kuke-ctr then asks for the password",
        )
    if from_stdin:
        said = sys.stdin.buffer.read(LONGEST + 3).decode(errors="surrogateescape")
        return check_secret(said.removesuffix("\n").removesuffix("\r"))
    if not at_terminal:
        raise UsageError(
            f"--user {user} needs a password, and there is no terminal to ask for it",
            hint="use --password-stdin < FILE, or --realm-credentials",
        )
    import getpass

    try:
        return check_secret(getpass.getpass(f"Password of {user} at {registry_of(reference)}: "))
    except EOFError:
        raise UsageError("no password was given") from None
