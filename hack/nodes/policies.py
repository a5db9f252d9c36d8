"""NetworkPolicies as nftables rules: for each node a table of its own, replaced as a whole when it changes.

Every pod's traffic passes the forward hook of its node, that between two pods of one node too. A pod that a policy isolates in a
direction has a chain for it, which returns for what is allowed and drops the rest; answers pass. What a node itself sends, such as
probes, is not asked. IPv4, TCP, UDP and SCTP.
"""

import ipaddress
import json

TABLE = "network_policies"


def matches(selector: dict | None, labels: dict) -> bool:
    for key, value in (selector or {}).get("matchLabels", {}).items():
        if labels.get(key) != value:
            return False
    for term in (selector or {}).get("matchExpressions", []):
        key, values = term["key"], term.get("values", [])
        fits = {
            "In": labels.get(key) in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[term["operator"]]
        if not fits:
            return False
    return True


class Pod:
    def __init__(self, item: dict):
        self.namespace = item["metadata"]["namespace"]
        self.name = item["metadata"]["name"]
        self.labels = item["metadata"].get("labels", {})
        self.node = item["spec"].get("nodeName")
        self.address = item.get("status", {}).get("podIP")
        containers = item["spec"].get("initContainers", []) + item["spec"]["containers"]
        self.ports = {port["name"]: (port.get("protocol", "TCP"), port["containerPort"])
                      for container in containers for port in container.get("ports", []) if "name" in port}


def pods_of(items: list[dict]) -> list[Pod]:
    """Those with an address of their own, in order."""
    running = [item for item in items
               if item.get("status", {}).get("podIP") and item["status"].get("phase") not in ("Succeeded", "Failed")
               and not item["spec"].get("hostNetwork")]
    return sorted((Pod(item) for item in running), key=lambda pod: ipaddress.ip_address(pod.address))


def directions(policy: dict) -> list[str]:
    spec = policy["spec"]
    return spec.get("policyTypes") or (["Ingress", "Egress"] if "egress" in spec else ["Ingress"])


class World:
    def __init__(self, pods: list[dict], namespaces: list[dict], policies: list[dict]):
        self.pods = pods_of(pods)
        self.namespaces = {item["metadata"]["name"]: item["metadata"].get("labels", {}) for item in namespaces}
        self.policies = sorted(policies, key=lambda item: (item["metadata"]["namespace"], item["metadata"]["name"]))

    def selected(self, peer: dict, namespace: str) -> list[Pod]:
        def is_in(pod: Pod) -> bool:
            if "namespaceSelector" in peer:
                return matches(peer["namespaceSelector"], self.namespaces.get(pod.namespace, {}))
            return pod.namespace == namespace

        return [pod for pod in self.pods if is_in(pod) and matches(peer.get("podSelector"), pod.labels)]

    def tables(self, nodes: list[str]) -> dict[str, str]:
        return {node: self.table([pod for pod in self.pods if pod.node == node]) for node in nodes}

    def table(self, local: list[Pod]) -> str:
        chains, ways = [], {"Ingress": [], "Egress": []}
        for pod in local:
            for direction, way in ways.items():
                applying = [policy for policy in self.policies if policy["metadata"]["namespace"] == pod.namespace
                            and direction in directions(policy) and matches(policy["spec"].get("podSelector"), pod.labels)]
                if applying:
                    chain = f"{direction.lower()}_{pod.address.replace('.', '_')}"
                    way.append(f"{pod.address} : jump {chain}")
                    chains.append(self.chain(chain, pod, direction, applying))
        lines = [f"table inet {TABLE} {{", *chains, "  chain forward {", "    type filter hook forward priority filter; policy accept;",
                 "    ct state established,related accept"]
        if ways["Egress"]:
            lines.append(f"    ip saddr vmap {{ {', '.join(ways['Egress'])} }}")
        if ways["Ingress"]:
            lines.append(f"    ip daddr vmap {{ {', '.join(ways['Ingress'])} }}")
        return "\n".join([*lines, "  }", "}"]) + "\n"

    def chain(self, name: str, pod: Pod, direction: str, policies: list[dict]) -> str:
        side = "saddr" if direction == "Ingress" else "daddr"
        rules = [f"ip {side} {pod.address} return"]  # A pod may always reach itself.
        for policy in policies:
            for rule in policy["spec"].get(direction.lower()) or []:
                for text in self.allowed(rule, pod, direction, policy["metadata"]["namespace"]):
                    if text not in rules:
                        rules.append(text)
        comment = f"{pod.namespace}/{pod.name}"
        return "\n".join([f"  chain {name} {{ # {comment}", *(f"    {rule}" for rule in rules), "    drop", "  }"])

    def allowed(self, rule: dict, pod: Pod, direction: str, namespace: str) -> list[str]:
        side = "saddr" if direction == "Ingress" else "daddr"
        peers = rule.get("from" if direction == "Ingress" else "to")
        ports = rule.get("ports")
        if not peers:
            # A named port of whoever is asked: of all pods there are.
            targets = [pod] if direction == "Ingress" else self.pods
            return [f"{on} return".lstrip() for on in self.on_ports(ports, targets, side, with_address=False)]
        texts = []
        for peer in peers:
            if "ipBlock" in peer:
                source = f"ip {side} {peer['ipBlock']['cidr']}"
                if peer["ipBlock"].get("except"):
                    source += f" ip {side} != {{ {', '.join(peer['ipBlock']['except'])} }}"
                if ":" not in peer["ipBlock"]["cidr"]:
                    texts += [f"{source} {on} return".replace("  ", " ") for on in self.on_ports(ports, [pod] if direction == "Ingress" else [], side, False)]
                continue
            others = self.selected(peer, namespace)
            if not others:
                continue
            if direction == "Ingress" or not any(isinstance(port.get("port"), str) for port in ports or []):
                source = f"ip {side} {{ {', '.join(other.address for other in others)} }}"
                texts += [f"{source} {on} return".replace("  ", " ") for on in self.on_ports(ports, [pod], side, False)]
            else:
                texts += [f"{on} return" for on in self.on_ports(ports, others, side, with_address=True)]
        return texts

    @staticmethod
    def on_ports(ports: list[dict] | None, targets: list[Pod], side: str, with_address: bool) -> list[str]:
        """What a rule says of ports, where the targets' names of ports count; for each target apart if so wished."""
        if not ports:
            return [f"ip {side} {target.address}" for target in targets] if with_address else [""]
        texts = []
        for port in ports:
            protocol, number = port.get("protocol", "TCP"), port.get("port")
            for target in targets if with_address or isinstance(number, str) else [None]:
                actual = number
                if isinstance(number, str):
                    named = target.ports.get(number)
                    if not named or named[0] != protocol:
                        continue
                    actual = named[1]
                prefix = f"ip {side} {target.address} " if with_address and target else ""
                if actual is None:
                    texts.append(f"{prefix}meta l4proto {protocol.lower()}")
                else:
                    last = f"-{port['endPort']}" if port.get("endPort") else ""
                    texts.append(f"{prefix}{protocol.lower()} dport {actual}{last}")
        return list(dict.fromkeys(texts))


def script(table: str) -> str:
    """For `nft -f`: one transaction, so that no packet sees half of it."""
    return f"table inet {TABLE} {{}}\ndelete table inet {TABLE}\n{table}"


if __name__ == "__main__":  # For a look at what comes out: kubectl get pods,ns,netpol -A -o json | policies.py NODE…
    import sys

    given = json.load(sys.stdin)["items"]
    kinds = [[item for item in given if item["kind"] == kind] for kind in ("Pod", "Namespace", "NetworkPolicy")]
    for node, text in World(*kinds).tables(sys.argv[1:]).items():
        print(f"# {node}\n{text}")
