"""Platforms as containerd names them, and which of them a host runs."""

from kuke_ctr.backends.ctr.client import Ctr

_ARCHITECTURES = {
    "x86_64": "amd64",
    "x86-64": "amd64",
    "aarch64": "arm64",
    "armv7l": "arm",
    "i686": "386",
}
"""The kernel's name, or a person's, -> containerd's."""

_USUAL = {("arm64", "v8"), ("amd64", "v1")}
"""Variants that go without saying."""

_RUNS_TOO = {("amd64", "386"), ("arm64", "arm")}


def host_platform(ctr: Ctr) -> str:
    """The platform of ctr's host: what ctr takes where nobody names another.

    Raises as `Ctr.machine`.
    """
    name = ctr.machine()
    return f"linux/{_ARCHITECTURES.get(name, name)}"


def may_run_on(host: str, runs_on: str | None) -> bool:
    """Whether this is the host's platform, of any variant; True where an image does not say."""
    return runs_on is None or runs_on == host or runs_on.startswith(f"{host}/")


def normal(name: str) -> str:
    """A platform as indexes write it: `arm64` is `linux/arm64`, and so is `linux/arm64/v8`."""
    system, _, rest = name.partition("/")
    if not rest:
        system, rest = "linux", system
    architecture, _, variant = rest.partition("/")
    architecture = _ARCHITECTURES.get(architecture, architecture)
    usual = (architecture, variant) in _USUAL
    return "/".join(part for part in (system, architecture, "" if usual else variant) if part)


def serves(wanted: str, has: str) -> bool:
    """Whether an image for `has` will do where `wanted` is asked for; variants are left to ctr."""
    system, _, rest = wanted.partition("/")
    if not rest:
        system, rest = "linux", system
    architecture = _ARCHITECTURES.get(rest, rest).partition("/")[0]
    other_system, _, other = has.partition("/")
    other = other.partition("/")[0]
    return system == other_system and (architecture == other or (architecture, other) in _RUNS_TOO)
