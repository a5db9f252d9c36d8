# What the scripts in hack/ share: paths, messages, progress, the Go toolchain, pinned tools and background processes.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/ecommerce-platform
# shellcheck disable=SC2034 # Used by the scripts that read this file.
STATES=${XDG_STATE_HOME:-$HOME/.local/state}/ecommerce-platform
GO_RELEASE=1.26.6 # Fetched where no Go of at least the version that hack/tools/*/go.mod name is installed.

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
die() { warn "${0##*/}: $*"; exit 1; }

# now: the time in milliseconds.  seconds FROM: the time since then, such as 3.2
now() { echo "$((${EPOCHREALTIME/[.,]/} / 1000))"; }
seconds() { local ms=$(($(now) - $1)); printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100)); }

# quietly COMMAND…: shows what the command says only when it fails.
quietly() {
  local output
  output=$("$@" 2>&1) || die "$* failed: $output"
}

# phase TITLE COMMAND…: runs the command and ends with one line that says how long it took. A failure ends the script.
phase() {
  local title=$1 from
  shift
  from=$(now)
  "$@"
  say "== $title: $(seconds "$from") s"
}

# slowly TITLE EXPECTED COMMAND…: runs a long command quietly, with a line every 30 s; its output is shown when it fails.
slowly() {
  local title=$1 expected=$2 from log pid status=0
  shift 2
  from=$(now)
  log=$(mktemp)
  say "$title (about $expected s)"
  "$@" >"$log" 2>&1 &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; rm -f "$log"; exit 130' INT TERM # A background process does not see the terminal's Ctrl-C.
  while sleep_while_running "$pid" 30; do
    say "  … $title: $(seconds "$from") s of about $expected s"
  done
  wait "$pid" || status=$?
  trap - INT TERM
  [ "$status" = 0 ] || { tail -n 40 "$log" >&2; warn "$title: failed (exit $status)"; }
  rm -f "$log"
  return "$status"
}

# Sleeps up to SECONDS, less when the process ends; false when it has ended.
sleep_while_running() {
  local pid=$1 ticks=$(($2 * 5))
  while [ "$ticks" -gt 0 ]; do
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.2
    ticks=$((ticks - 1))
  done
}

# lock FOLDER FD: holds the folder until the script ends or unlocks FD; another caller waits. Makes the folder.
# A folder that was removed meanwhile is made again, so that a lock file need not be left behind.
lock() {
  local folder=$1 fd=$2
  while :; do
    mkdir -p "$folder"
    eval "exec $fd<\"\$folder\""
    if ! flock -w 2 "$fd"; then
      warn "waiting for another run that holds $folder"
      flock "$fd"
    fi
    [ "/proc/self/fd/$fd" -ef "$folder" ] && return
  done
}
unlock() { eval "exec $1<&-"; }

# The Go command to use: the installed one if it is new enough, else the one hack/setup fetched. False when there is none.
find_go() {
  local wanted have candidate
  wanted=$(awk '$1 == "go" { print $2 }' "$ROOT"/hack/tools/*/go.mod | sort -V | tail -n 1)
  for candidate in "$(command -v go || true)" "$CACHE/go-$GO_RELEASE/bin/go"; do
    [ -x "$candidate" ] || continue
    have=$(GOTOOLCHAIN=local "$candidate" env GOVERSION 2>/dev/null) || continue
    if printf '%s\n' "$wanted" "${have#go}" | sort -VC; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

# A tool is TOOL:MODULE:PACKAGE:SECONDS, the time a first build takes on two cores. Versions are those of hack/tools/MODULE/go.mod.
# The tools gateway-api, prometheus-operator and vertical-pod-autoscaler are no programs but folders of custom resource definitions. A tool without a package is one of Python: what
# hack/tools/MODULE/requirements.txt lists.
TOOLS=(
  "kube-apiserver:kubernetes:k8s.io/kubernetes/cmd/kube-apiserver:340"
  "kube-controller-manager:kubernetes:k8s.io/kubernetes/cmd/kube-controller-manager:110"
  "kube-scheduler:kubernetes:k8s.io/kubernetes/cmd/kube-scheduler:15"
  "kubelet:kubernetes:k8s.io/kubernetes/cmd/kubelet:26"
  "kube-proxy:kubernetes:k8s.io/kubernetes/cmd/kube-proxy:21"
  "kubectl:kubernetes:k8s.io/kubernetes/cmd/kubectl:45"
  "etcd:etcd:go.etcd.io/etcd/server/v3:50"
  "kwok:kwok:sigs.k8s.io/kwok/cmd/kwok:70"
  "metrics-server:metrics-server:sigs.k8s.io/metrics-server/cmd/metrics-server:75"
  "coredns:coredns:github.com/coredns/coredns:100"
  "k6:k6:go.k6.io/k6:120"
  "gateway-api:gateway-api:sigs.k8s.io/gateway-api:2"
  "prometheus-operator:prometheus-operator:github.com/prometheus-operator/prometheus-operator:5"
  "vertical-pod-autoscaler:vertical-pod-autoscaler:k8s.io/autoscaler/vertical-pod-autoscaler:5"
  "promtool:promtool:github.com/prometheus/prometheus/cmd/promtool:240"
  "kube-score:kube-score:github.com/zegl/kube-score/cmd/kube-score:40"
  "kubeconform:kubeconform:github.com/yannh/kubeconform/cmd/kubeconform:15"
  "checkov:checkov::60"
  "schemathesis:schemathesis::60"
)

# tool_version MODULE: the version in its go.mod of the module that its tool is part of, such as v1.37.2; of the only one without a
# tool; of packages of Python twelve digits that change with them
tool_version() {
  if [ -f "$ROOT/hack/tools/$1/requirements.txt" ]; then
    sha256sum "$ROOT/hack/tools/$1/requirements.txt" | cut -c 1-12
    return
  fi
  awk '$1 == "tool" && $2 != "(" { tool = $2 } /^tool \(/ { getline; tool = $1 }
       $1 ~ /\// && $2 ~ /^v[0-9]/ && index(tool "/", $1 "/") == 1 { print $2; exit }
       $1 == "require" && $3 ~ /^v[0-9]/ && (tool == "" || index(tool "/", $2 "/") == 1) { print $3; exit }' "$ROOT/hack/tools/$1/go.mod"
}

# tool NAME: the path of its binary or folder, which may not be built yet. KUBEBUILDER_ASSETS wins where it has the tool.
tool() {
  local entry module
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/$1" ]; then
    echo "$KUBEBUILDER_ASSETS/$1"
    return
  fi
  for entry in "${TOOLS[@]}"; do
    if [ "${entry%%:*}" = "$1" ]; then
      IFS=: read -r _ module _ <<<"$entry"
      echo "$CACHE/$module-$(tool_version "$module")/$1"
      return
    fi
  done
  die "no such tool: $1"
}

# choose_ports NAME…: notes PORT_NAME=… for each in $STATE/ports, once: ports of the loopback interface that are free, and not
# chosen by another of $STATES, below the range that the kernel hands out by itself.
choose_ports() {
  # shellcheck disable=SC2153 # STATE and STATES are two things.
  [ -f "$STATE/ports" ] && return
  lock "$STATES" 8
  local name port ports=()
  for name in "$@"; do
    while :; do
      port=$((20000 + RANDOM % 10000))
      case " ${ports[*]} " in *"=$port "*) continue ;; esac
      grep -qsx "PORT_[A-Z0-9_]*=$port" "$STATES"/*/ports && continue
      [ -z "$(ss -Hltn "sport = :$port")" ] && break
    done
    ports+=("PORT_$name=$port")
  done
  printf '%s\n' "${ports[@]}" >"$STATE/ports"
  unlock 8
}

# The functions below work on the processes of one cluster, whose folder is $STATE.
# place NAME: says in PLACE in which folder the process works.
place() { PLACE=$STATE; }

# start NAME BINARY ARGUMENT…: runs it in the background with its log in $STATE/log/NAME.log, unless it runs already.
start() {
  local name=$1 binary=$2
  shift 2
  running "$name" && return
  mkdir -p "$STATE/run" "$STATE/log"
  # The locks (8, 9) of this script must not live on in the process.
  (cd "$PLACE" && exec setsid "$binary" "$@" </dev/null >>"$STATE/log/$name.log" 2>&1 8<&- 9<&-) &
  echo $! >"$STATE/run/$name.pid"
}

pid_of() { cat "$STATE/run/$1.pid" 2>/dev/null || echo 0; }

# Whether the process that start() noted still is that process: it works in its place and is not a zombie.
running() {
  local pid
  place "$1"
  pid=$(pid_of "$1")
  [ "$pid" != 0 ] && [ "/proc/$pid/cwd" -ef "$PLACE" ]
}

# stop NAME [SECONDS]: ends the process, by force when it is still there after SECONDS (0: at once).
stop() {
  local name=$1 ticks=$((${2:-0} * 20)) pid
  pid=$(pid_of "$name")
  if running "$name" && [ "$ticks" -gt 0 ]; then
    kill -TERM "$pid" 2>/dev/null || true
  fi
  while running "$name"; do
    [ "$ticks" -gt 0 ] || kill -KILL "$pid" 2>/dev/null || true
    ticks=$((ticks - 1))
    sleep 0.05
  done
  rm -f "$STATE/run/$name.pid"
}

# show_log NAME: the end of a process's log, and where the whole of it is.
show_log() {
  warn "--- the last lines of $STATE/log/$1.log:"
  tail -n 25 "$STATE/log/$1.log" >&2 || true
}
