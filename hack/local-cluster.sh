# What a local cluster is made of: its ports and credentials, its processes, its first objects. Works on the cluster $NAME in $STATE.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh

ZONES=(a b c)
# shellcheck disable=SC2034 # Used by hack/cluster.
PORTS=(API KUBELET METRICS OPERATOR)
COMPONENTS=(etcd kube-apiserver kube-controller-manager kube-scheduler kwok metrics-server)
API_ADDRESS=127.0.0.1
PODS=10.244.0.0/16

# --- What a cluster keeps in its folder ---------------------------------------------------------------------------------

# certificate NAME SUBJECT EXTENSION [CA]
certificate() {
  local ca=${4:-ca} base=$STATE/pki/$1
  quietly openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$base.key" -out "$base.csr" -subj "$2"
  quietly openssl x509 -req -in "$base.csr" -CA "$STATE/pki/$ca.crt" -CAkey "$STATE/pki/$ca.key" -days 3650 \
    -out "$base.crt" -extfile <(printf '%s\n' "$3")
  rm "$base.csr"
}

authority() {
  quietly openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$STATE/pki/$1.key" -out "$STATE/pki/$1.crt" \
    -days 3650 -subj "/CN=ecommerce-platform-$1"
}

# write_kubeconfig FILE USER: everything it needs is in the file itself.
# shellcheck disable=SC2153 # NAME is the cluster's.
write_kubeconfig() {
  data() { base64 -w0 "$STATE/pki/$1"; }
  (umask 077 && cat >"$1") <<YAML
apiVersion: v1
kind: Config
clusters: [{name: $NAME, cluster: {server: "https://$API_ADDRESS:$PORT_API", certificate-authority-data: $(data ca.crt)}}]
users: [{name: $2, user: {client-certificate-data: $(data "$2.crt"), client-key-data: $(data "$2.key")}}]
contexts: [{name: $NAME, context: {cluster: $NAME, user: $2}}]
current-context: $NAME
YAML
}

make_credentials() {
  [ -f "$STATE/kubeconfig" ] && return
  rm -rf "$STATE/pki"
  (umask 077 && mkdir "$STATE/pki")
  authority ca
  authority front-proxy-ca
  quietly openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$STATE/pki/service-accounts.key"
  quietly openssl pkey -in "$STATE/pki/service-accounts.key" -pubout -out "$STATE/pki/service-accounts.pub"
  certificate front-proxy /CN=front-proxy extendedKeyUsage=clientAuth front-proxy-ca
  certificate kube-apiserver /CN=kube-apiserver "subjectAltName=IP:127.0.0.1,IP:$API_ADDRESS,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  certificate serving /CN=serving "subjectAltName=IP:127.0.0.1,DNS:metrics-server.kube-system.svc"
  local user
  for user in kube-controller-manager kube-scheduler kube-proxy; do
    certificate "$user" "/CN=system:$user" extendedKeyUsage=clientAuth
  done
  for user in admin kwok metrics-server agent kubelet-client; do
    certificate "$user" "/O=system:masters/CN=$user" extendedKeyUsage=clientAuth
  done
  for user in kube-controller-manager kube-scheduler kwok metrics-server; do
    write_kubeconfig "$STATE/$user.kubeconfig" "$user"
  done
  printf '%s\n' "${ECP_APISERVER_FLAGS:-}" >"$STATE/apiserver-flags"
  write_kubeconfig "$STATE/kubeconfig" admin # Last: it marks the set as complete.
}

# --- Processes ------------------------------------------------------------------------------------------------------------

# Paths in flags are relative to the state folder, in which start() runs them.
start_etcd() {
  # A socket in a private folder needs no certificates. Without fsync a power cut may lose data; a killed process does not.
  start etcd "$(tool etcd)" --data-dir etcd --listen-client-urls unix://etcd.sock --advertise-client-urls unix://etcd.sock \
    --listen-peer-urls unix://peer.sock --initial-advertise-peer-urls unix://peer.sock --initial-cluster default=unix://peer.sock \
    --unsafe-no-fsync --log-level warn
}

start_apiserver() {
  local extra nodes=(--endpoint-reconciler-type none) # Nobody reaches a server on loopback by its Service.
  read -ra extra <"$STATE/apiserver-flags"
  if real; then
    nodes=(--kubelet-client-certificate pki/kubelet-client.crt --kubelet-client-key pki/kubelet-client.key
      --kubelet-certificate-authority pki/ca.crt --kubelet-preferred-address-types InternalIP --enable-aggregator-routing=true)
  fi
  start kube-apiserver "$(tool kube-apiserver)" --etcd-servers unix://etcd.sock \
    --bind-address "$API_ADDRESS" --advertise-address "$API_ADDRESS" --secure-port "$PORT_API" "${nodes[@]}" \
    --tls-cert-file pki/kube-apiserver.crt --tls-private-key-file pki/kube-apiserver.key --client-ca-file pki/ca.crt \
    --service-account-key-file pki/service-accounts.pub --service-account-signing-key-file pki/service-accounts.key \
    --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.96.0.0/16 \
    --authorization-mode Node,RBAC --allow-privileged=true \
    --requestheader-client-ca-file pki/front-proxy-ca.crt --requestheader-allowed-names front-proxy \
    --requestheader-username-headers X-Remote-User --requestheader-group-headers X-Remote-Group \
    --requestheader-extra-headers-prefix X-Remote-Extra- \
    --proxy-client-cert-file pki/front-proxy.crt --proxy-client-key-file pki/front-proxy.key \
    --audit-policy-file "$ROOT/hack/manifests/audit-policy.yaml" --audit-log-path audit.log --audit-log-maxbackup 1 \
    "${extra[@]}"
}

start_controllers() {
  local allocate=true grace=()
  if real; then
    allocate=false                                 # Each knows its own.
    # Four leases missed, as by default, of the 2 s that hack/nodes/kubelet.yaml sets.
    grace=(--node-monitor-grace-period 8s --node-monitor-period 1s)
  fi
  start kube-controller-manager "$(tool kube-controller-manager)" --kubeconfig kube-controller-manager.kubeconfig \
    --service-account-private-key-file pki/service-accounts.key --root-ca-file pki/ca.crt --use-service-account-credentials=true \
    --cluster-signing-cert-file pki/ca.crt --cluster-signing-key-file pki/ca.key --leader-elect=false --secure-port 0 \
    --allocate-node-cidrs="$allocate" --cluster-cidr "$PODS" --kube-api-qps 100 --kube-api-burst 200 \
    --horizontal-pod-autoscaler-sync-period 5s --horizontal-pod-autoscaler-cpu-initialization-period 10s "${grace[@]}"
  start kube-scheduler "$(tool kube-scheduler)" --config "$ROOT/hack/manifests/scheduler.yaml" --secure-port 0
}

start_simulated_nodes() {
  local kwok
  kwok=$(tool kwok)
  # A KWOK that was killed still holds its nodes' leases; a new one would leave the nodes alone until those expire.
  running kwok || ask /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases -X DELETE >/dev/null
  start kwok "$kwok" --kubeconfig kwok.kubeconfig --config "$(dirname "$kwok")/stages.yaml" --config "$ROOT/hack/manifests/kwok.yaml" \
    --manage-all-nodes=true --node-ip 127.0.0.1 --node-port "$PORT_KUBELET" --server-address "127.0.0.1:$PORT_KUBELET" \
    --node-lease-duration-seconds 40 --tls-cert-file pki/serving.crt --tls-private-key-file pki/serving.key
}

start_metrics() {
  start metrics-server "$(tool metrics-server)" --kubeconfig metrics-server.kubeconfig \
    --authentication-kubeconfig metrics-server.kubeconfig --authorization-kubeconfig metrics-server.kubeconfig \
    --bind-address "$API_ADDRESS" --secure-port "$PORT_METRICS" --tls-cert-file pki/serving.crt --tls-private-key-file pki/serving.key \
    --kubelet-certificate-authority pki/ca.crt --kubelet-preferred-address-types InternalIP --kubelet-use-node-status-port \
    --metric-resolution 10s --kubelet-request-timeout 5s
}

# await SECONDS WHAT COMMAND…: until the command succeeds; stops at once when a process has died.
await() {
  local patience=$1 what=$2 from component
  shift 2
  from=$(now)
  until "$@" >/dev/null 2>&1; do
    for component in "${COMPONENTS[@]}"; do
      if [ -f "$STATE/run/$component.pid" ] && ! running "$component"; then
        show_log "$component"
        die "$component has stopped. 'hack/cluster up' starts it again, 'hack/cluster down' removes the cluster."
      fi
    done
    if [ $(($(now) - from)) -gt $((patience * 1000)) ]; then
      for component in "${COMPONENTS[@]}"; do
        [ ! -f "$STATE/run/$component.pid" ] || show_log "$component"
      done
      die "$what: not there after $patience s"
    fi
    sleep 0.2
  done
}

# --- What is asked of the API server ---------------------------------------------------------------------------------------

# ask PATH [CURL-OPTION…]
ask() {
  local path=$1
  shift
  if kinds; then kube get --raw "$path"; return; fi # Its key is in its kubeconfig alone.
  curl -sf -m 5 --noproxy '*' --cacert "$STATE/pki/ca.crt" --cert "$STATE/pki/admin.crt" --key "$STATE/pki/admin.key" "$@" "https://$API_ADDRESS:$PORT_API$path"
}
kube() { KUBECACHEDIR=$STATE/kubectl-cache "$(tool kubectl)" --kubeconfig "$STATE/kubeconfig" "$@"; }

node() {
  cat <<YAML
---
apiVersion: v1
kind: Node
metadata:
  name: node-$1
  labels:
    kubernetes.io/hostname: node-$1
    kubernetes.io/os: linux
    kubernetes.io/arch: amd64
    topology.kubernetes.io/region: local
    topology.kubernetes.io/zone: $1
  annotations: {metrics.k8s.io/resource-metrics-path: /metrics/nodes/node-$1/metrics/resource}
status:
  capacity: {cpu: "32", memory: 128Gi, ephemeral-storage: 512Gi, pods: "250"}
  allocatable: {cpu: "32", memory: 128Gi, ephemeral-storage: 512Gi, pods: "250"}
YAML
}

# The API server reaches metrics-server, which is not a pod, by a Service that is only a name; where it asks for endpoints, by its one.
metrics_api() {
  if real; then
    cat <<YAML
---
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {ports: [{port: $PORT_METRICS}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: metrics-server, namespace: kube-system, labels: {kubernetes.io/service-name: metrics-server}}
addressType: IPv4
endpoints: [{addresses: [$API_ADDRESS], conditions: {ready: true}}]
ports: [{port: $PORT_METRICS}]
YAML
  else
    cat <<YAML
---
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost, ports: [{port: $PORT_METRICS}]}
YAML
  fi
  cat <<YAML
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: $(base64 -w0 "$STATE/pki/ca.crt")
  service: {name: metrics-server, namespace: kube-system, port: $PORT_METRICS}
YAML
}

apply_objects() {
  local zone
  {
    if real; then
      fill "$NODE_FILES/dns.yaml" "COREDNS=$(tool_version coredns)"
      echo ---
      sed 's/simulated\.ecommerceplatform/local.ecommerceplatform/' "$ROOT/hack/manifests/storage-classes.yaml"
    else
      for zone in "${ZONES[@]}"; do node "$zone"; done
      echo ---
      cat "$ROOT/hack/manifests/storage-classes.yaml"
    fi
    metrics_api
  } | kube apply -f - >/dev/null
  # On the server's side, because they are larger than the annotation in which kubectl would keep a copy.
  kube apply --server-side --force-conflicts -f "$(tool gateway-api)" >/dev/null
}

nodes_ready() {
  ask /api/v1/nodes | jq -e --argjson want "${#ZONES[@]}" '[.items[] | select(any(.status.conditions[]?; .type == "Ready" and .status == "True")
    and ([.spec.taints[]?.key] | index("node.kubernetes.io/not-ready") | not))] | length >= $want'
}
metrics_ready() {
  ask /apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io | jq -e 'any(.status.conditions[]?; .type == "Available" and .status == "True")'
}
routes_served() { ask "/apis/gateway.networking.k8s.io/v1/httproutes?limit=1"; }
namespace_ready() {
  ask /api/v1/namespaces/default/serviceaccounts/default && ask /api/v1/namespaces/default/configmaps/kube-root-ca.crt
}
