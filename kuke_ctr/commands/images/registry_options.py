"""How pull and push speak to a registry: http or https, certificates, who signs in."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kuke_ctr.commands.shared.gathered import Declared, gathered
from kuke_ctr.commands.shared.output import note
from kuke_ctr.errors import UsageError
from kuke_ctr.session import OpenRealm, Session
from kuke_ctr.terminals.user_terminal import is_terminal

REGISTRY = "Registry"
PlainHttp = Annotated[
    bool,
    typer.Option("--plain-http", help="Use http instead of https.", rich_help_panel=REGISTRY),
]
SkipVerify = Annotated[
    bool,
    typer.Option("--skip-verify", "-k", help="Accept any certificate.", rich_help_panel=REGISTRY),
]
HostsDir = Annotated[
    str | None,
    typer.Option(
        "--hosts-dir",
        metavar="DIR",
        help="Directory with hosts.toml files, such as /etc/containerd/certs.d.",
        rich_help_panel=REGISTRY,
    ),
]
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


@dataclass(frozen=True, slots=True)
class Registry:
    """How a registry is spoken to, and who signs in, as it was typed."""

    plain_http: bool
    skip_verify: bool
    hosts_dir: str | None
    tlscacert: str | None
    tlscert: str | None
    tlskey: str | None
    user: str | None
    password_stdin: bool
    realm_credentials: bool

    @property
    def flags(self) -> dict[str, object]:
        """Those that are ctr's own flags, by their names."""
        names = ("plain_http", "skip_verify", "hosts_dir", "tlscacert", "tlscert", "tlskey")
        return {name: getattr(self, name) for name in names}

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

    def sign_in(
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
        from kuke_ctr.kukeon.realm_files import realm_documents

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


with_registry_options = gathered(
    "registry",
    {
        "plain_http": Declared(PlainHttp, False),
        "skip_verify": Declared(SkipVerify, False),
        "hosts_dir": Declared(HostsDir, None),
        "tlscacert": Declared(TlsCaCert, None),
        "tlscert": Declared(TlsCert, None),
        "tlskey": Declared(TlsKey, None),
        "user": Declared(User, None),
        "password_stdin": Declared(PasswordStdin, False),
        "realm_credentials": Declared(RealmCredentials, False),
    },
    Registry,
)
"""The function with these options in its signature; it gets them as its argument `registry`."""
