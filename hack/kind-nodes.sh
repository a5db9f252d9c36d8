# A cluster of kind's, where Docker and kind are installed, in place of real nodes of our own: three workers in three zones. kind brings
# names, volumes and network policies; it brings no metrics API, so nothing scales by itself there.
# No test runs this: the image of such a node is had from a public registry alone, and the tests need none.
# shellcheck shell=bash source-path=SCRIPTDIR source=local-cluster.sh

kind_config() {
  local zone
  printf 'kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n  - {role: control-plane}\n'
  for zone in "${ZONES[@]}"; do
    printf '  - {role: worker, labels: {topology.kubernetes.io/region: local, topology.kubernetes.io/zone: %s}}\n' "$zone"
  done
}

up_kind() {
  { command -v kind && docker info; } >/dev/null 2>&1 || die "--kind needs kind, and Docker running"
  "$ROOT/hack/tools/build" kubectl gateway-api
  lock "$STATE" 9
  [ -f "$STATE/kind" ] || [ ! -f "$STATE/ports" ] || die "cluster '$NAME' is another kind of cluster: run hack/cluster down --name $NAME first"
  chmod 700 "$STATE"
  touch "$STATE/kind"
  choose_ports "${PORTS[@]}"
  kind get clusters 2>/dev/null | grep -qx "ecp-$NAME" ||
    kind_config | kind create cluster --name "ecp-$NAME" --kubeconfig "$STATE/kubeconfig.new" --config - --wait 120s
  (umask 077 && kind get kubeconfig --name "ecp-$NAME" >"$STATE/kubeconfig.new")
  mv "$STATE/kubeconfig.new" "$STATE/kubeconfig"
  printf 'kind-ecp-%s\n' "$NAME" >"$STATE/context"
  sed 's/simulated\.ecommerceplatform\.io/rancher.io\/local-path/; /^allowVolumeExpansion/d' "$ROOT/hack/manifests/storage-classes.yaml" |
    kube apply --force -f - >/dev/null
  kube apply --server-side --force-conflicts -f "$(tool gateway-api)" >/dev/null
  say "cluster $NAME is the cluster ecp-$NAME of kind"
}

down_kind() { kind delete cluster --name "ecp-$NAME" --kubeconfig "$STATE/kubeconfig"; }
