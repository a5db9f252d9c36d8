"""Volumes on demand, as a provisioner outside of Kubernetes makes them: a folder on the node that the scheduler has picked, which goes
when its claim goes, and which takes the size that its claim asks for."""

import shutil
from pathlib import Path
from urllib.parse import quote

from kubernetes import JSON_MERGE, Api, Refused

PROVISIONER = "local.ecommerceplatform.io"
ON_NODE = "/var/lib/volumes"  # In the folder of a node: var/lib/volumes.


def folder_of(nodes: Path, node: str, volume: str) -> Path:
    return nodes / node / ON_NODE.lstrip("/") / volume


def volume_for(claim: dict, name: str, node: str) -> dict:
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": metadata["namespace"],
                         "name": metadata["name"], "uid": metadata["uid"]},
            "local": {"path": f"{ON_NODE}/{name}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [
                {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]}},
        },
    }


def provision(api: Api, nodes: Path, claim: dict):
    annotations = claim["metadata"].get("annotations", {})
    node = annotations.get("volume.kubernetes.io/selected-node")
    if annotations.get("volume.kubernetes.io/storage-provisioner") != PROVISIONER or claim["metadata"].get("deletionTimestamp"):
        return
    if claim["spec"].get("volumeName"):
        grow(api, claim)
    elif node and (nodes / node).is_dir():
        name = f"pvc-{claim['metadata']['uid']}"
        folder_of(nodes, node, name).mkdir(parents=True, exist_ok=True)
        api.ask("POST", "/api/v1/persistentvolumes", volume_for(claim, name, node))


def grow(api: Api, claim: dict):
    wanted = claim["spec"]["resources"]["requests"]["storage"]
    now = claim.get("status", {}).get("capacity", {}).get("storage")
    if now is None or now == wanted:
        return
    capacity = {"capacity": {"storage": wanted}}
    api.ask("PATCH", f"/api/v1/persistentvolumes/{quote(claim['spec']['volumeName'])}", {"spec": capacity}, JSON_MERGE)
    path = f"/api/v1/namespaces/{quote(claim['metadata']['namespace'])}/persistentvolumeclaims/{quote(claim['metadata']['name'])}/status"
    api.ask("PATCH", path, {"status": capacity}, JSON_MERGE)


def reclaim(api: Api, nodes: Path, volume: dict):
    name = volume["metadata"]["name"]
    if volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by") != PROVISIONER:
        return
    if volume.get("status", {}).get("phase") == "Released" and volume["spec"]["persistentVolumeReclaimPolicy"] == "Delete":
        for node in nodes.iterdir():
            shutil.rmtree(folder_of(nodes, node.name, name), ignore_errors=True)
        api.ask("DELETE", f"/api/v1/persistentvolumes/{quote(name)}")


def settle(api: Api, nodes: Path, claims: list[dict], volumes: list[dict]) -> list[str]:
    """One pass over all; what the API server refuses is told and tried again at the next change."""
    failures = []
    for action, items in ((provision, claims), (reclaim, volumes)):
        for item in items:
            try:
                action(api, nodes, item)
            except Refused as error:
                if error.status not in (404, 409):  # Gone or made already: the list is behind.
                    failures.append(str(error))
    return failures
