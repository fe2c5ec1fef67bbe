"""Whose a container is, where another tool keeps its log."""

import pytest

from kuke_ctr.recipes.log_owners import owner_of

POD = {
    "io.kubernetes.pod.namespace": "kube-system",
    "io.kubernetes.pod.name": "dns",
    "io.kubernetes.pod.uid": "u-1",
    "io.kubernetes.container.name": "coredns",
}


@pytest.mark.parametrize(
    ("namespace", "labels", "name", "said"),
    [
        ("moby", {}, "Docker", "`docker logs c1` shows it"),
        ("moby", {}, "Docker", "/var/lib/docker/containers/c1/c1-json.log"),
        ("other", {"com.docker/engine.bundle.path": "/x"}, "Docker", "`docker logs c1`"),
        ("k8s.io", {}, "Kubernetes", "`crictl logs c1` shows it; it is kept below /var/log/pods"),
        ("x", POD, "Kubernetes", "/var/log/pods/kube-system_dns_u-1/coredns"),
        ("x", {"io.cri-containerd.kind": "container"}, "Kubernetes", "/var/log/pods"),
        ("a b", {"nerdctl/name": "w"}, "nerdctl", "`nerdctl --namespace 'a b' logs c1` shows it"),
        ("k8s.io", {"nerdctl/name": "w"}, "nerdctl", "nerdctl --namespace k8s.io logs c1"),
    ],
)
def test_the_tool_that_made_it_shows_its_log(
    namespace: str, labels: dict[str, str], name: str, said: str
) -> None:
    owner = owner_of(namespace, "c1", labels)
    assert owner is not None
    assert owner.name == name
    assert said in owner.hint


@pytest.mark.parametrize("labels", [{}, {"kukeon.io/cell": "web"}, {"kuke-ctr/log": "/x"}])
def test_ours_and_kukeons_are_nobody_elses(labels: dict[str, str]) -> None:
    assert owner_of("kukeon-main", "c1", labels) is None
