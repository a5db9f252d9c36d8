"""Who may reach whom, on which port, computed from NetworkPolicies alone.

Beside the pods that workloads make, the world has those who must not come in: another pod of the namespace, pods elsewhere (one of them
with the labels of one of ours), a pod in each namespace that a policy speaks of, and addresses within and without each block.
"""

import ipaddress
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "hack/nodes"))
from policies import directions, matches  # noqa: E402

PROTOCOLS = ("TCP", "UDP", "SCTP")
UNNAMED_PORT = 9  # Stands for all ports that nobody names.
NAME_OF_NAMESPACE = "kubernetes.io/metadata.name"
SPEC_OF_PEERS = {"Ingress": "from", "Egress": "to"}


@dataclass(frozen=True)
class End:
    """A pod, or with an address and without a namespace something outside."""
    name: str
    kind: str  # What a table calls it: the component, "ns/NAME", a block of addresses, or "stranger".
    namespace: str = ""
    labels: dict = field(default_factory=dict, hash=False, compare=False)
    ports: dict = field(default_factory=dict, hash=False, compare=False)  # Name to (protocol, number).
    address: str = ""


def satisfying(selector):
    """Labels that a selector selects."""
    labels = dict((selector or {}).get("matchLabels", {}))
    for term in (selector or {}).get("matchExpressions", []):
        if term["operator"] in ("In", "Exists"):
            labels[term["key"]] = (term.get("values") or ["some"])[0]
    return labels


def template_of(workload):
    return workload["spec"]["template"]


def pods_of(workloads):
    """An end for each workload, with the component's label as its kind; addresses count up, as nothing else tells pods apart."""
    ends = []
    for number, workload in enumerate(workloads, 1):
        template = template_of(workload)
        labels = template["metadata"]["labels"]
        ports = {port["name"]: (port.get("protocol", "TCP"), port["containerPort"])
                 for container in template["spec"]["containers"] for port in container.get("ports", []) if "name" in port}
        ends.append(End(workload["metadata"]["name"], labels["app.kubernetes.io/component"], workload["metadata"]["namespace"], labels, ports,
                        str(ipaddress.ip_address("10.244.0.0") + number)))
    return ends


class Network:
    def __init__(self, policies, pods):
        self.policies = policies
        self.pods = pods
        self.namespaces = {pod.namespace: {NAME_OF_NAMESPACE: pod.namespace} for pod in pods}
        self.others = self.strangers() + self.named_by_peers()
        self.ports = {(protocol, port) for protocol in PROTOCOLS for port in self.numbers()}

    def rules(self):
        """(direction, rule, namespace) of every policy."""
        for policy in self.policies:
            for direction in directions(policy):
                for rule in policy["spec"].get(direction.lower()) or []:
                    yield direction, rule, policy["metadata"]["namespace"]

    def strangers(self):
        self.namespaces["elsewhere"] = {NAME_OF_NAMESPACE: "elsewhere"}
        own = self.pods[0].namespace
        return [End("another pod of the namespace", "stranger", own, {"app": "another"}, {}, "10.244.7.1"),
                End("a pod elsewhere", "stranger", "elsewhere", {}, {}, "10.244.7.2"),
                End("a pod elsewhere with our labels", "stranger", "elsewhere", self.pods[0].labels, {}, "10.244.7.3"),
                End("the internet", "stranger", address="192.0.2.1")]

    def named_by_peers(self):
        ends = {}
        for direction, rule, _ in self.rules():
            for peer in rule.get(SPEC_OF_PEERS[direction]) or []:
                if "ipBlock" in peer:
                    end = self.in_block(peer["ipBlock"])
                elif peer.get("namespaceSelector"):
                    end = self.in_namespace(peer)
                else:
                    continue
                ends.setdefault(end.name, end)
        return list(ends.values())

    @staticmethod
    def in_block(block):
        """The first address of a block that its exceptions leave."""
        left = [ipaddress.ip_network(block["cidr"])]
        for each in map(ipaddress.ip_network, block.get("except", [])):
            left = [part for whole in left for part in (whole.address_exclude(each) if each.subnet_of(whole) else [whole])]
        name = " except ".join([block["cidr"], *block.get("except", [])])
        return End(name, name, address=str(left[0][0]))

    def in_namespace(self, peer):
        labels = satisfying(peer["namespaceSelector"])
        namespace = labels.get(NAME_OF_NAMESPACE, str(labels))
        self.namespaces.setdefault(namespace, {NAME_OF_NAMESPACE: namespace, **labels})
        pod = satisfying(peer.get("podSelector"))
        name = f"ns/{namespace}" + (f" {pod}" if pod else "")
        return End(name, name, namespace, pod, {}, "10.244.8.1")

    def numbers(self):
        numbers = {UNNAMED_PORT, *(number for pod in self.pods for _, number in pod.ports.values())}
        for _, rule, _ in self.rules():
            for port in rule.get("ports") or []:
                if isinstance(port.get("port"), int):
                    numbers |= {port["port"], port.get("endPort", port["port"])}
        return numbers

    def allowed(self, direction, pod, other, target):
        """The ports of the target on which the policies of one side let the pod talk with the other."""
        isolating = [policy for policy in self.policies if policy["metadata"]["namespace"] == pod.namespace
                     and direction in directions(policy) and matches(policy["spec"].get("podSelector"), pod.labels)]
        if not pod.namespace or not isolating:
            return self.ports
        ports = set()
        for policy in isolating:
            for rule in policy["spec"].get(direction.lower()) or []:
                peers = rule.get(SPEC_OF_PEERS[direction])
                if not peers or any(self.is_peer(peer, other, pod.namespace) for peer in peers):
                    ports |= self.on_ports(rule.get("ports"), target)
        return ports

    def is_peer(self, peer, end, namespace):
        if "ipBlock" in peer:
            address = ipaddress.ip_address(end.address)
            return address in ipaddress.ip_network(peer["ipBlock"]["cidr"]) and not any(
                address in ipaddress.ip_network(each) for each in peer["ipBlock"].get("except", []))
        if not end.namespace:
            return False
        if "namespaceSelector" in peer:
            is_in = matches(peer["namespaceSelector"], self.namespaces[end.namespace])
        else:
            is_in = end.namespace == namespace
        return is_in and matches(peer.get("podSelector"), end.labels)

    def on_ports(self, ports, target):
        if not ports:
            return self.ports
        found = set()
        for port in ports:
            protocol, number = port.get("protocol", "TCP"), port.get("port")
            if isinstance(number, str):
                found |= {target.ports[number]} if target.ports.get(number, ("",))[0] == protocol else set()
            else:
                last = port.get("endPort", number)
                found |= {each for each in self.ports if each[0] == protocol and (number is None or number <= each[1] <= last)}
        return found

    def connections(self):
        """(from, to, port) where at least one end is a pod of ours; ports as "53/UDP", TCP alone as "8080"."""
        found = set()
        everybody = self.pods + self.others
        for source in everybody:
            for target in everybody:
                if source.kind == target.kind == "stranger" or not (source in self.pods or target in self.pods):
                    continue
                both = self.allowed("Egress", source, target, target) & self.allowed("Ingress", target, source, target)
                found |= {(source.name, target.name, f"{number}" if protocol == "TCP" else f"{number}/{protocol}") for protocol, number in both}
        return found

    def expand(self, table):
        """The same from a table whose rows name kinds of ends, several of them and several ports with blanks between. One that is not
        there stands for itself, so that its row is missed."""
        def ends(kinds):
            return [name for kind in kinds.split() for name in [end.name for end in self.pods + self.others if end.kind == kind] or [kind]]

        return {(source, target, port) for froms, tos, ports in table for source in ends(froms) for target in ends(tos) for port in ports.split()}
