"""The API server with two teams. What scheduler and kubelet would do to a pod, ``node.py`` does."""

from gpucommons_contract import Annotation, Label, team_namespace

from ..kubernetes import APIServer

VISION, ASTRO = team_namespace("vision"), team_namespace("astro")


class ClusterWithTeams(APIServer):
    """A cluster in which the teams vision and astro have their namespaces."""

    def start(self) -> None:
        super().start()
        self.add_team("vision", {Annotation.DISPLAY_NAME: "Computer vision"})
        self.add_team("astro", {Annotation.STORAGE_CLASS: "fast"})

    def add_team(self, name: str, annotations: dict[str, str] | None = None) -> str:
        """Make a team's namespace, in which Pod Security takes only "restricted" pods."""
        metadata = {
            "name": team_namespace(name),
            "labels": {Label.TEAM: name, "pod-security.kubernetes.io/enforce": "restricted"},
            "annotations": annotations or {},
        }
        self.post("/api/v1/namespaces", {"metadata": metadata})
        return metadata["name"]

    def add_namespace(self, name: str) -> None:
        """Make a namespace, unless an earlier test did."""
        if name not in {
            each["metadata"]["name"] for each in self.get("/api/v1/namespaces")["items"]
        }:
            self.post("/api/v1/namespaces", {"metadata": {"name": name}})

    def pods(self) -> list[dict]:
        return self.get("/api/v1/pods")["items"]

    def claims(self, namespace: str) -> dict[str, dict]:
        """The workspaces of a namespace by name."""
        found = self.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")["items"]
        return {claim["metadata"]["name"]: claim for claim in found}
