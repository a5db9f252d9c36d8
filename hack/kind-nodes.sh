# A cluster of kind's, where Docker and kind are installed, in place of real nodes of our own: three workers in three zones. kind brings
# names, volumes and network policies; of us come the metrics API, and the registry in which the nodes find what hack/images has built.
# Works on the cluster $NAME in $STATE. The file `kind` there says that it is one of kind's; it is empty until kind is told of it.
# No test runs this: the image of such a node is had from a public registry alone, and the tests need none.
# shellcheck shell=bash source-path=SCRIPTDIR source=local-cluster.sh

KIND_NEEDED=0.24.0 # The first whose own network enforces policies.

kinds() { [ -f "$STATE/kind" ]; }

# Fails, and says why, where there can be no cluster of kind's.
check_kind() {
  local version
  docker info >/dev/null 2>&1 || { echo "--kind needs Docker running"; return 1; }
  version=$(kind version -q 2>/dev/null) || { echo "--kind needs kind, at least v$KIND_NEEDED"; return 1; }
  printf '%s\n' "$KIND_NEEDED" "$version" | sort -VC || { echo "--kind needs kind v$KIND_NEEDED, where network policies count: this is v$version"; return 1; }
}

# Node images of before kind v0.27 do not look into the folder in which trust_registry() writes.
kind_config() {
  local zone
  cat <<'YAML'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
containerdConfigPatches:
  - |
    [plugins."io.containerd.grpc.v1.cri".registry]
      config_path = "/etc/containerd/certs.d"
nodes:
  - {role: control-plane}
YAML
  for zone in "${ZONES[@]}"; do
    printf '  - {role: worker, labels: {topology.kubernetes.io/region: local, topology.kubernetes.io/zone: %s}}\n' "$zone"
  done
}

kind_nodes() { kind get nodes --name "ecp-$NAME" 2>/dev/null; }

# This machine, as the nodes see it.
nodes_gateway() { docker network inspect kind | jq -r '[.[].IPAM.Config[].Gateway // empty | select(contains(":") | not)][0]'; }

# The nodes ask our registry first, and that which an image's reference names for what it does not have.
trust_registry() {
  local address=$1 node
  for node in $(kind_nodes); do
    printf '[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$address" |
      docker exec -i "$node" sh -c 'mkdir -p /etc/containerd/certs.d/_default && cat >/etc/containerd/certs.d/_default/hosts.toml'
    await 20 "the registry http://$address on $node (a firewall of this machine may forbid it)" \
      docker exec "$node" curl -sSf -m 5 --noproxy '*' "http://$address/v2/"
  done
}

make_kind_nodes() {
  local image=()
  [ -z "${ECP_KIND_IMAGE:-}" ] || image=(--image "$ECP_KIND_IMAGE")
  if [ -s "$STATE/kind" ]; then
    down_kind # An interrupted run may have left some of it.
  elif [ -n "$(kind_nodes)" ]; then
    die "kind has a cluster ecp-$NAME that is not known here: run kind delete cluster --name ecp-$NAME first, or choose another --name"
  fi
  rm -f "$STATE/complete" "$STATE/kubeconfig"
  kind_config >"$STATE/kind"
  slowly "making a cluster of kind's" 90 kind create cluster --name "ecp-$NAME" --kubeconfig "$STATE/kubeconfig.new" --config "$STATE/kind" "${image[@]}"
  touch "$STATE/complete"
}

up_kind() {
  local from address reason
  from=$(now)
  reason=$(check_kind) || die "$reason"
  choose_components
  "$ROOT/hack/tools/build" "${TOOLS_NEEDED[@]}"
  lock "$STATE" 9
  kinds || [ ! -f "$STATE/ports" ] || die "cluster '$NAME' is another kind of cluster: run hack/cluster down --name $NAME first, or choose another --name"
  chmod 700 "$STATE"
  touch "$STATE/kind"
  choose_ports OPERATOR REGISTRY
  # shellcheck disable=SC1091
  . "$STATE/ports"
  mkdir -p "$STATE/images"
  base_image metrics-server "$(tool_version metrics-server)" "$(tool metrics-server)"
  if [ -f "$STATE/complete" ] && [ -n "$(kind_nodes)" ]; then
    kind_nodes | quietly xargs docker start # Those that stopped with Docker.
  else
    make_kind_nodes
  fi
  (umask 077 && kind get kubeconfig --name "ecp-$NAME" >"$STATE/kubeconfig.new")
  mv "$STATE/kubeconfig.new" "$STATE/kubeconfig"
  address=$(nodes_gateway):$PORT_REGISTRY
  start registry python3 "$NODE_FILES/registry.py" "$address" "$STATE/images"
  trust_registry "$address"
  await 120 "the API server" ask /readyz
  {
    fill "$ROOT/hack/manifests/metrics-server.yaml" "METRICS_SERVER=$(tool_version metrics-server)"
    echo ---
    sed 's/simulated\.ecommerceplatform\.io/rancher.io\/local-path/; /^allowVolumeExpansion/d' "$ROOT/hack/manifests/storage-classes.yaml"
  } | kube apply --server-side --force-conflicts -f - -f "$(tool gateway-api)" >/dev/null
  await 120 "the nodes" kube wait --for=condition=Ready nodes --all --timeout=1s
  await 120 "CoreDNS" kube -n kube-system rollout status deployment/coredns --timeout=1s
  await 120 "the metrics API" metrics_ready
  await 60 "the Gateway API" routes_served
  say "cluster $NAME is up: the cluster ecp-$NAME of kind, ${#ZONES[@]} nodes in ${#ZONES[@]} zones ($(seconds "$from") s)"
}

down_kind() {
  stop registry
  [ ! -s "$STATE/kind" ] || quietly kind delete cluster --name "ecp-$NAME" --kubeconfig "$STATE/kubeconfig"
}
