"""Who keeps the log of a container that Docker, Kubernetes or nerdctl made."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kuke_ctr.processes.shell_words import shell_line

_DOCKER = "/var/lib/docker/containers"
_PODS = "/var/log/pods"


class Owner(NamedTuple):
    """A tool that reads the output of its containers and keeps it; `hint` is how it shows it."""

    name: str
    hint: str


def owner_of(
    namespace: str, container: str, labels: Mapping[str, str], nerdctl: Sequence[str] = ()
) -> Owner | None:
    """The tool that made a container, by its labels, else by the namespace; None for neither.

    `nerdctl` are the flags by which nerdctl finds the socket and its files.
    """
    if any(label.startswith("nerdctl/") for label in labels):
        words = ("nerdctl", *nerdctl, "--namespace", namespace, "logs", container)
        return Owner("nerdctl", f"`{shell_line(words)}` shows it")
    if _is_kubernetes(namespace, labels):
        folder = _pod_folder(labels)
        return Owner("Kubernetes", f"`crictl logs {container}` shows it; it is kept below {folder}")
    if namespace == "moby" or any(label.startswith("com.docker/") for label in labels):
        file = f"{_DOCKER}/{container}/{container}-json.log"
        return Owner(
            "Docker", f"`docker logs {container}` shows it; by default it is kept in {file}"
        )
    return None


def _is_kubernetes(namespace: str, labels: Mapping[str, str]) -> bool:
    ours = ("io.cri-containerd.", "io.kubernetes.")
    return namespace == "k8s.io" or any(label.startswith(ours) for label in labels)


def _pod_folder(labels: Mapping[str, str]) -> str:
    """`/var/log/pods/<namespace>_<pod>_<uid>/<container>`, as far as the labels tell."""
    pod = [labels.get(f"io.kubernetes.pod.{part}", "") for part in ("namespace", "name", "uid")]
    name = labels.get("io.kubernetes.container.name", "")
    return "/".join(filter(None, (_PODS, "_".join(pod), name))) if all(pod) else _PODS
