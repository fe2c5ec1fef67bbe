"""Platforms as containerd names them, and which of them this host runs."""

import platform

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


def host_platform() -> str:
    """This machine's platform: what ctr takes where nobody names another."""
    name = platform.machine()
    return f"linux/{_ARCHITECTURES.get(name, name)}"


def may_run_here(runs_on: str | None) -> bool:
    """Whether this is the host's platform, of any variant; True where an image does not say."""
    here = host_platform()
    return runs_on is None or runs_on == here or runs_on.startswith(f"{here}/")


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
