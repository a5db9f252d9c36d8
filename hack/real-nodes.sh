# Real nodes of a local cluster: containerd, kubelet and kube-proxy in a network namespace for each, on this machine alone. Works on
# the cluster $NAME in $STATE; the file `network` there says that its nodes are real, and which addresses are theirs:
#   10.89.N.1  this machine: API server, registry      10.89.N.11, .12, .13  the nodes      10.(128+N).1.0/24, .2, .3  their pods
# The nodes' switch is in a network namespace too, so that this machine forwards nothing and its firewall has no say among nodes. No
# way leads outside.
# shellcheck shell=bash source-path=SCRIPTDIR source=local-cluster.sh

SWITCH=ecp.$NAME # Nodes have names like ecp.local.a, here and among the control groups. A cluster's name has no dot.
CGROUPS=/sys/fs/cgroup
REGISTRY_PORT=5000
NODE_FILES=$ROOT/hack/nodes

real() { [ -f "$STATE/network" ]; }

# Fails, and says why, where nodes cannot be real.
check_real() {
  [ "$(uname -s)" = Linux ] || { echo "real nodes need Linux"; return 1; }
  [ "$(id -u)" = 0 ] || { echo "real nodes need root"; return 1; }
  unshare --mount true 2>/dev/null || { echo "this machine allows no mounts of one's own, as in a chroot"; return 1; }
  local try=ecp-try-$$
  ip netns add "$try" 2>/dev/null || { echo "this machine allows no network namespaces"; return 1; }
  ip netns del "$try"
  try=$(hierarchies | head -n 1)/$try
  { mkdir "$try" && rmdir "$try"; } 2>/dev/null || { echo "this machine allows no control groups"; return 1; }
  [ "$(stat -f -c %T "$(dirname "$STATES")" 2>/dev/null || true)" != overlayfs ] || { echo "containers need another file system than an overlay"; return 1; }
}

# Notes in $STATE/network a number that neither another cluster nor a route of this machine has taken.
choose_network() {
  real && return
  lock "$STATES" 8
  local number
  for number in {0..99}; do
    ! grep -qsx "NETWORK=$number" "$STATES"/*/network || continue
    taken "10.89.$number.0/24" || taken "10.$((128 + number)).0.0/16" || break
  done
  echo "NETWORK=$number" >"$STATE/network"
  unlock 8
}
taken() { ip -4 route show match "$1" | grep -qv '^default' || [ -n "$(ip -4 route show root "$1")" ]; }

# Says in API_ADDRESS and PORT_API where the API server is, and what else follows from the network's number.
read_network() {
  # shellcheck disable=SC1091
  . "$STATE/network"
  LINK=ecp$NETWORK
  API_ADDRESS=10.89.$NETWORK.1
  PORT_API=6443 # The address is the cluster's own, so that the usual port is free.
  PODS=10.$((128 + NETWORK)).0.0/16
}
number_of() { case $1 in a) echo 1 ;; b) echo 2 ;; c) echo 3 ;; esac; }
address_of() { echo "10.89.$NETWORK.1$(number_of "$1")"; }
pods_of() { echo "10.$((128 + NETWORK)).$(number_of "$1").0/24"; }

# --- Network ----------------------------------------------------------------------------------------------------------------

namespace() { [ -e "/run/netns/$1" ] || ip netns add "$1"; }
# link_pair NAMESPACE NAME OTHER-NAMESPACE OTHER-NAME: a cable between two namespaces; no NAMESPACE is this machine's own.
link_pair() {
  local here=()
  [ -z "$1" ] || here=(-n "$1")
  ip "${here[@]}" link show "$2" >/dev/null 2>&1 || ip "${here[@]}" link add "$2" type veth peer name "$4" netns "$3"
  ip "${here[@]}" link set "$2" up
}

make_network() {
  local zone other id
  modprobe -q nf_conntrack 2>/dev/null || true # Where it is no part of the kernel.
  namespace "$SWITCH"
  ip -n "$SWITCH" link show bridge >/dev/null 2>&1 || ip -n "$SWITCH" link add bridge type bridge
  ip -n "$SWITCH" link set bridge up
  link_pair "" "$LINK" "$SWITCH" host
  ip -n "$SWITCH" link set host master bridge up
  ip addr replace "$API_ADDRESS/24" dev "$LINK"
  for zone in "${ZONES[@]}"; do
    id=$SWITCH.$zone
    namespace "$id"
    link_pair "$id" eth0 "$SWITCH" "node-$zone"
    ip -n "$SWITCH" link set "node-$zone" master bridge up
    rm -f "$STATE/cut.$zone"
    ip -n "$id" link set lo up
    ip -n "$id" addr replace "$(address_of "$zone")/24" dev eth0
    # A process of the node itself, too, must find a way before kube-proxy gives its packet another address.
    ip -n "$id" route replace 10.96.0.0/16 via "$API_ADDRESS"
    for other in "${ZONES[@]}"; do
      [ "$other" = "$zone" ] || ip -n "$id" route replace "$(pods_of "$other")" via "$(address_of "$other")"
    done
    # This machine's customers have one address, whose ports come round within a minute: a connection that was never answered must not
    # lie in wait there for the next one.
    ip netns exec "$id" sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_timeout_syn_sent=10
    ip route replace "$(pods_of "$zone")" via "$(address_of "$zone")" dev "$LINK"
  done
}

# The links go with the namespaces that hold one of their ends.
remove_network() {
  local file
  for file in "/run/netns/$SWITCH" "/run/netns/$SWITCH".*; do
    [ ! -e "$file" ] || ip netns del "${file##*/}"
  done
}

# --- Control groups: a tree for each node, in which its kubelet makes those of its pods ---------------------------------------

hierarchies() { if [ -f "$CGROUPS/cgroup.controllers" ]; then echo "$CGROUPS"; else find "$CGROUPS" -mindepth 2 -maxdepth 2 -name cgroup.procs -printf '%h\n'; fi; }

make_cgroups() {
  local id=$1 hierarchy group file
  if [ -f "$CGROUPS/cgroup.controllers" ]; then
    for group in "$CGROUPS" "$CGROUPS/$id"; do
      mkdir -p "$group"
      sed 's/\(^\| \)/&+/g' "$group/cgroup.controllers" >"$group/cgroup.subtree_control"
    done
  fi
  while IFS= read -r hierarchy; do
    for group in "$hierarchy/$id" "$hierarchy/$id/daemons"; do
      mkdir -p "$group"
      for file in cpuset.cpus cpuset.mems; do # Those of the parent do not count by themselves in version 1.
        [ ! -f "$hierarchy/tasks" ] || [ ! -f "$group/$file" ] || cat "${group%/*}/$file" >"$group/$file"
      done
    done
  done < <(hierarchies)
}

# Ends what is still in them.
remove_cgroups() {
  local id=$1 hierarchy tries
  while IFS= read -r hierarchy; do
    tries=200
    while [ -d "$hierarchy/$id" ]; do
      # shellcheck disable=SC2046 # One process a word.
      kill -KILL $(find "$hierarchy/$id" -name cgroup.procs -exec cat {} + 2>/dev/null) 2>/dev/null || true
      find "$hierarchy/$id" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      tries=$((tries - 1))
      [ "$tries" -gt 0 ] || die "the control group $hierarchy/$id does not go"
      [ ! -d "$hierarchy/$id" ] || sleep 0.05
    done
  done < <(hierarchies)
}

# --- Nodes --------------------------------------------------------------------------------------------------------------------

# fill TEMPLATE NAME=VALUE…: the template with @NAME@ replaced.
fill() {
  local text value
  text=$(<"$1")
  for value in "${@:2}"; do text=${text//@${value%%=*}@/${value#*=}}; done
  printf '%s\n' "$text"
}

make_node_files() {
  local zone=$1 node=node-$1 folder=$STATE/nodes/node-$1 plugins=/usr/lib/cni
  [ -x $plugins/ptp ] || plugins=/opt/cni/bin
  mkdir -p "$folder"/{cni,registries/_default,var}
  chmod 700 "$folder"
  echo "$node" >"$folder/name"
  address_of "$zone" >"$folder/address"
  echo "topology.kubernetes.io/region=local,topology.kubernetes.io/zone=$zone" >"$folder/labels"
  echo "options ndots:5" >"$folder/resolv.conf"
  fill "$NODE_FILES/containerd.toml" "PLUGINS=$plugins" >"$folder/containerd.toml"
  fill "$NODE_FILES/kubelet.yaml" "ID=$SWITCH.$zone" "ADDRESS=$(address_of "$zone")" >"$folder/kubelet.yaml"
  fill "$NODE_FILES/kube-proxy.yaml" "NODE=$node" "ADDRESS=$(address_of "$zone")" "PODS=$PODS" >"$folder/kube-proxy.yaml"
  fill "$NODE_FILES/pods.conflist" "NODE_PODS=$(pods_of "$zone")" >"$folder/cni/10-pods.conflist"
  printf 'server = "http://%s"\n[host."http://%s"]\n  capabilities = ["pull", "resolve"]\n' "$API_ADDRESS:$REGISTRY_PORT" "$API_ADDRESS:$REGISTRY_PORT" \
    >"$folder/registries/_default/hosts.toml"
  [ ! -f "$folder/kubelet.kubeconfig" ] || return 0
  certificate "$node" "/O=system:nodes/CN=system:node:$node" extendedKeyUsage=clientAuth
  certificate "$node-serving" "/CN=$node" "subjectAltName=DNS:$node,IP:$(address_of "$zone")"
  cp "$STATE/pki/ca.crt" "$folder/ca.crt"
  cp "$STATE/pki/$node-serving.crt" "$folder/kubelet.crt"
  cp "$STATE/pki/$node-serving.key" "$folder/kubelet.key"
  write_kubeconfig "$folder/kube-proxy.kubeconfig" kube-proxy
  write_kubeconfig "$folder/kubelet.kubeconfig" "$node" # Last: it marks the set as complete.
}

start_node() {
  local zone=$1 id=$SWITCH.$1
  running "node-$zone" && return
  remove_cgroups "$id" # Of one that has died.
  make_cgroups "$id"
  make_node_files "$zone"
  start "node-$zone" "$NODE_FILES/node" boot "$id" "$STATE/nodes/node-$zone" "$STATE/log" "$(tool kubelet)" "$(tool kube-proxy)"
}

stop_node() {
  stop "node-$1"
  remove_cgroups "$SWITCH.$1"
}

# As a machine without power: silent first, and of what its kernel knew (routes, rules, connections) nothing is left.
kill_node() {
  ip -n "$SWITCH" link del "node-$1" 2>/dev/null || true # It may have been killed before.
  stop_node "$1"
  rm -f "$STATE/cut.$1"
  [ ! -e "/run/netns/$SWITCH.$1" ] || ip netns del "$SWITCH.$1"
}

start_real_nodes() {
  local zone
  mkdir -p "$STATE/nodes"
  start agent "$NODE_FILES/agent" "https://$API_ADDRESS:$PORT_API" "$STATE/pki" "$STATE/images" "$STATE/nodes" "$API_ADDRESS:$REGISTRY_PORT" "$SWITCH"
  for zone in "${ZONES[@]}"; do start_node "$zone"; done
}

remove_real_nodes() {
  local zone
  for zone in "${ZONES[@]}"; do stop_node "$zone"; done
  stop agent
  remove_network
}

# Whether anything of them is there, also where the cluster's folder is gone.
real_remains() {
  local pattern
  for pattern in "/run/netns/$SWITCH" "/run/netns/$SWITCH.*" "$CGROUPS/$SWITCH.*" "$CGROUPS/*/$SWITCH.*"; do
    ! compgen -G "$pattern" >/dev/null || return 0
  done
  return 1
}

# --- Images that every node needs ------------------------------------------------------------------------------------------------

# base_image NAME TAG PROGRAM: an image of one static program, kept in the cache.
base_image() {
  local archive=$CACHE/image-$1-$2/$1.tar folder
  if [ ! -f "$archive" ]; then
    find_builder
    folder=$(mktemp -d)
    cp "$3" "$folder/$1"
    printf 'FROM scratch\nCOPY %s /%s\nUSER 65532:65532\nENTRYPOINT ["/%s"]\n' "$1" "$1" "$1" >"$folder/Dockerfile"
    build_image "registry.k8s.io/$1:$2" "$folder"
    save_image "registry.k8s.io/$1:$2" "$archive"
    rm -rf "$folder"
  fi
  ln -sfn "$archive" "$STATE/images/$1.tar"
}

make_base_images() {
  mkdir -p "$STATE/images"
  base_image coredns "$(tool_version coredns)" "$(tool coredns)"
  if [ ! -f "$CACHE/image-pause-local/pause.tar" ]; then
    # Kubernetes' own source of it, which lies in its module.
    local source folder
    source=$(cd "$ROOT/hack/tools/kubernetes" && "$(find_go)" list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
    folder=$(mktemp -d)
    gcc -Os -s -static -o "$folder/pause" "$source"
    base_image pause local "$folder/pause"
    rm -rf "$folder"
  fi
  base_image pause local none
}

names_served() { ask /apis/apps/v1/namespaces/kube-system/daemonsets/coredns | jq -e --argjson want "${#ZONES[@]}" '.status.numberReady == $want'; }
