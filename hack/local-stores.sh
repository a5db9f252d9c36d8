# How the local data stores are made, started and stopped. Works on the set $NAME in $STATE, its data in $DATA.
# shellcheck shell=bash source-path=SCRIPTDIR source=lib.sh

# shellcheck disable=SC2034 # Used by hack/stores.
STORES=(postgres redis redis-cluster rabbitmq)
PROCESSES=(postgres redis redis-0 redis-1 redis-2 epmd rabbitmq)
PORTS=(POSTGRES REDIS REDIS_0 REDIS_1 REDIS_2 BUS_0 BUS_1 BUS_2 EPMD ERLANG AMQP MANAGEMENT)
DATABASES=(users catalog inventory orders payments)
REDIS_USERS=(gateway user catalog)
AMQP_USERS=(catalog inventory order payment)
ADMIN=ecp_admin

# --- What a set keeps -------------------------------------------------------------------------------------------------------

find_programs() {
  local command folder
  for command in openssl curl jq ss flock setpriv redis-server redis-cli epmd; do
    command -v "$command" >/dev/null || die "$command is missing: run hack/setup"
  done
  for folder in /usr/lib/postgresql/*/bin; do POSTGRES=$folder; done
  [ -x "$POSTGRES/initdb" ] || die "PostgreSQL is missing: run hack/setup"
  RABBITMQ=/usr/lib/rabbitmq/bin # The script of that name in the PATH insists on Debian's own user and folders.
  [ -x "$RABBITMQ/rabbitmq-server" ] || die "RabbitMQ is missing: run hack/setup"
  # PostgreSQL refuses to run as root, and the others need not.
  AS=()
  [ "$(id -u)" != 0 ] || AS=(setpriv --reuid postgres --regid postgres --init-groups --inh-caps=-all)
}

# shellcheck disable=SC2153 # STATE and STATES are two things.
make_passwords() {
  [ -f "$STATE/passwords" ] && return
  local name names=(admin cookie)
  for name in "${DATABASES[@]}"; do names+=("$name" "${name}_owner"); done
  for name in "${REDIS_USERS[@]}"; do names+=("redis_$name"); done
  for name in "${AMQP_USERS[@]}"; do names+=("amqp_$name"); done
  # Hexadecimal: they stand in URLs and SQL as they are.
  for name in "${names[@]}"; do echo "PASSWORD_$name=$(openssl rand -hex 16)"; done >"$STATE/passwords.new"
  mv "$STATE/passwords.new" "$STATE/passwords"
}
password() { local name=PASSWORD_$1; echo "${!name}"; }

# The data lie in $STATE/data, or where their user can't get there (root's home), in a folder of their own.
make_folder() {
  [ -f "$STATE/folder" ] && [ -d "$(cat "$STATE/folder")" ] && return
  local process
  if [ "${#AS[@]}" = 0 ]; then
    DATA=$STATE/data
    mkdir -p "$DATA"
  else
    DATA=$(mktemp -d /var/tmp/ecommerce-platform-stores.XXXXXX)
    chmod 711 "$DATA"
  fi
  for process in "${PROCESSES[@]}"; do
    mkdir -p "$DATA/$process"
    chmod 700 "$DATA/$process"
    [ "${#AS[@]}" = 0 ] || chown postgres:postgres "$DATA/$process"
  done
  rm -rf "$STATE/run" "$STATE/made"
  mkdir "$STATE/made"
  echo "$DATA" >"$STATE/folder"
}

read_folder() { DATA=$(cat "$STATE/folder"); }
read_state() {
  read_folder
  # shellcheck disable=SC1091
  . "$STATE/ports"
  # shellcheck disable=SC1091
  . "$STATE/passwords"
}

# Each process works in a folder of its own, which lib.sh's running() knows it by.
place() { PLACE=$DATA/$1; }

processes_of() {
  case $1 in
    postgres | redis | redis-[012] | rabbitmq) echo "$1" ;;
    redis-cluster) printf '%s\n' redis-0 redis-1 redis-2 ;;
  esac
}

# --- Starting and stopping --------------------------------------------------------------------------------------------------

# write_private FILE: standard input into a file that only the stores' user reads.
write_private() { (umask 077 && "${AS[@]}" tee "$1" >/dev/null); }

# await PROCESS SECONDS COMMAND…: until the command succeeds; stops at once when the process has died.
await() {
  local process=$1 patience=$2 from
  shift 2
  from=$(now)
  until "$@" >/dev/null 2>&1; do
    sleep 0.1
    if ! running "$process" || [ $(($(now) - from)) -gt $((patience * 1000)) ]; then
      show_log "$process"
      die "$process is not ready after $(seconds "$from") s"
    fi
  done
}

bring_up() {
  case $1 in
    postgres) start_postgres ;;
    redis) start_redis redis "$PORT_REDIS" ;;
    redis-0) start_redis redis-0 "$PORT_REDIS_0" "$PORT_BUS_0" ;;
    redis-1) start_redis redis-1 "$PORT_REDIS_1" "$PORT_BUS_1" ;;
    redis-2) start_redis redis-2 "$PORT_REDIS_2" "$PORT_BUS_2" ;;
    redis-cluster) start_redis_cluster ;;
    rabbitmq) start_rabbitmq ;;
  esac
}

# PostgreSQL takes SIGINT for what others do at SIGTERM: it doesn't wait for its clients. Erlang waits for itself.
stop_in_order() {
  if running "$1" && [ "$1" = postgres ]; then kill -INT "$(pid_of "$1")"; sleep 0.1; fi
  stop "$1" 30
}

# PostgreSQL's children outlive a killed parent for a moment; told to quit, it ends them and saves nothing either.
crash() {
  if running "$1" && [ "$1" = postgres ]; then
    kill -QUIT "$(pid_of "$1")"
    local ticks=100
    while running "$1" && [ "$ticks" -gt 0 ]; do sleep 0.05; ticks=$((ticks - 1)); done
  fi
  stop "$1"
}

# --- PostgreSQL -------------------------------------------------------------------------------------------------------------

start_postgres() {
  if [ ! -f "$STATE/made/postgres-folder" ]; then
    "${AS[@]}" find "$DATA/postgres" -mindepth 1 -delete # What an interrupted start left.
    password admin | write_private "$DATA/epmd/password" # epmd's folder is empty otherwise.
    quietly "${AS[@]}" env -C "$DATA" "$POSTGRES/initdb" -D "$DATA/postgres" -U "$ADMIN" -A scram-sha-256 -E UTF8 --locale C.UTF-8 \
      --no-sync --pwfile "$DATA/epmd/password"
    # Connections: of several tests, each with its own services and their pools.
    write_private "$DATA/postgres/postgresql.auto.conf" <<CONF
listen_addresses = '127.0.0.1'
port = $PORT_POSTGRES
unix_socket_directories = ''
max_connections = 600
shared_buffers = 128MB
fsync = $DURABLE
full_page_writes = $DURABLE
log_timezone = UTC
timezone = UTC
CONF
    touch "$STATE/made/postgres-folder"
  fi
  start postgres "${AS[@]}" "$POSTGRES/postgres" -D "$DATA/postgres"
  await postgres 60 "$POSTGRES/pg_isready" -q -h 127.0.0.1 -p "$PORT_POSTGRES"
  if [ ! -f "$STATE/made/postgres" ]; then
    local name
    for name in "${DATABASES[@]}"; do database "$name"; done |
      PGPASSWORD=$(password admin) quietly "$POSTGRES/psql" -X -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$PORT_POSTGRES" -U "$ADMIN" -d postgres
    touch "$STATE/made/postgres"
  fi
}

# The serving role can neither make tables nor drop them, nor connect to another's database.
database() {
  cat <<SQL
CREATE ROLE $1_owner LOGIN PASSWORD '$(password "$1_owner")';
CREATE ROLE $1 LOGIN PASSWORD '$(password "$1")';
CREATE DATABASE $1 OWNER $1_owner;
REVOKE ALL ON DATABASE $1 FROM PUBLIC;
GRANT CONNECT ON DATABASE $1 TO $1;
\\connect $1
GRANT USAGE ON SCHEMA public TO $1;
ALTER DEFAULT PRIVILEGES FOR ROLE $1_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO $1;
ALTER DEFAULT PRIVILEGES FOR ROLE $1_owner GRANT USAGE, SELECT ON SEQUENCES TO $1;
ALTER DEFAULT PRIVILEGES FOR ROLE $1_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE $1_owner GRANT EXECUTE ON FUNCTIONS TO $1;
SQL
}

# --- Redis ------------------------------------------------------------------------------------------------------------------

redis_users() {
  local service
  echo "user default off"
  echo "user $ADMIN on >$(password admin) ~* &* +@all"
  for service in "${REDIS_USERS[@]}"; do
    echo "user $service on >$(password "redis_$service") ~* &* +@all -@admin -@dangerous +info"
  done
}

# start_redis NAME PORT [BUS-PORT]
start_redis() {
  local name=$1 port=$2 bus=${3:-}
  if [ ! -f "$STATE/made/$name" ]; then
    redis_users | write_private "$DATA/$name/users.acl"
    {
      printf '%s\n' "bind 127.0.0.1" "port $port" "dir $DATA/$name" "aclfile $DATA/$name/users.acl" "appendonly yes" 'save ""' "databases 1"
      if [ -n "$bus" ]; then
        printf '%s\n' "cluster-enabled yes" "cluster-config-file nodes.conf" "cluster-port $bus" "cluster-node-timeout 2000" \
          "cluster-require-full-coverage no" "masteruser $ADMIN" "masterauth $(password admin)"
      fi
    } | write_private "$DATA/$name/redis.conf"
    [ -z "$bus" ] || cluster_nodes "$name" | write_private "$DATA/$name/nodes.conf"
    touch "$STATE/made/$name"
  fi
  start "$name" "${AS[@]}" redis-server "$DATA/$name/redis.conf"
  await "$name" 30 ask_redis "$port" PONG PING
}

# ask_redis PORT WANTED COMMAND…: whether the answer has the wanted line.
ask_redis() {
  local port=$1 wanted=$2
  shift 2
  REDISCLI_AUTH=$(password admin) redis-cli -h 127.0.0.1 -p "$port" --user "$ADMIN" --no-auth-warning "$@" | tr -d '\r' | grep -qx "$wanted"
}

# The cluster's members as nodes.conf holds them, so that they need not be introduced to each other: three masters, a third of the
# 16384 slots each. Identities are 40 hexadecimal digits.
cluster_nodes() {
  local number port bus flags slots=(0-5460 5461-10922 10923-16383)
  for number in 0 1 2; do
    port=PORT_REDIS_$number bus=PORT_BUS_$number flags=master
    [ "$1" != "redis-$number" ] || flags=myself,master
    printf '%040x 127.0.0.1:%s@%s %s - 0 0 %s connected %s\n' $((number + 1)) "${!port}" "${!bus}" "$flags" $((number + 1)) "${slots[$number]}"
  done
  echo "vars currentEpoch 3 lastVoteEpoch 0"
}

start_redis_cluster() {
  local number port
  for number in 0 1 2; do bring_up "redis-$number"; done
  for number in 0 1 2; do
    port=PORT_REDIS_$number
    await "redis-$number" 30 ask_redis "${!port}" cluster_state:ok CLUSTER INFO
  done
}

# --- RabbitMQ ---------------------------------------------------------------------------------------------------------------

# Users, passwords and rights, imported at each start.
rabbitmq_definitions() {
  local service
  for service in "${AMQP_USERS[@]}"; do printf '%s %s\n' "$service" "$(password "amqp_$service")"; done |
    jq -Rn --arg admin "$ADMIN" --arg password "$(password admin)" '[inputs | split(" ")] as $services | {
      vhosts: [{name: "ecommerce"}],
      users: ([{name: $admin, password: $password, tags: ["administrator"]}] + [$services[] | {name: .[0], password: .[1], tags: []}]),
      permissions: ([{user: $admin, vhost: "ecommerce", configure: ".*", write: ".*", read: ".*"}] +
        [$services[] | "^(ecommerce|\(.[0]))(\\..*)?$" as $own | {user: .[0], vhost: "ecommerce", configure: $own, write: $own, read: $own}])}'
}

start_rabbitmq() {
  local home=$DATA/rabbitmq
  if [ ! -f "$STATE/made/rabbitmq" ]; then
    rabbitmq_definitions | write_private "$home/definitions.json"
    password cookie | write_private "$home/.erlang.cookie"
    "${AS[@]}" chmod 400 "$home/.erlang.cookie"
    # Statistics of queues cost more than what they tell here; the management is for making and removing virtual hosts.
    write_private "$home/rabbitmq.conf" <<CONF
listeners.tcp.local = 127.0.0.1:$PORT_AMQP
management.tcp.ip = 127.0.0.1
management.tcp.port = $PORT_MANAGEMENT
management_agent.disable_metrics_collector = true
load_definitions = $home/definitions.json
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 100MB
raft.wal_max_size_bytes = 16777216
CONF
    echo "[rabbitmq_management]." | write_private "$home/enabled_plugins"
    touch "$STATE/made/rabbitmq"
  fi
  # Started here, so that no daemon of it is left behind: RabbitMQ finds it running and starts none.
  start epmd "${AS[@]}" epmd -port "$PORT_EPMD" -address 127.0.0.1
  await epmd 10 epmd -port "$PORT_EPMD" -names
  # RUNNING_UNDER_SYSTEMD makes the script become the server instead of its parent, so that its pid is the server's.
  start rabbitmq "${AS[@]}" env -i "PATH=$PATH" "HOME=$home" LANG=C.UTF-8 RUNNING_UNDER_SYSTEMD=1 RABBITMQ_CONF_ENV_FILE="$home/none" \
    "RABBITMQ_NODENAME=stores@localhost" "RABBITMQ_NODE_IP_ADDRESS=" "RABBITMQ_DIST_PORT=$PORT_ERLANG" \
    "ERL_EPMD_PORT=$PORT_EPMD" ERL_EPMD_ADDRESS=127.0.0.1 "RABBITMQ_CONFIG_FILE=$home/rabbitmq.conf" \
    "RABBITMQ_ENABLED_PLUGINS_FILE=$home/enabled_plugins" "RABBITMQ_MNESIA_BASE=$home/mnesia" "RABBITMQ_LOG_BASE=$home/log" RABBITMQ_LOGS=- \
    "RABBITMQ_GENERATED_CONFIG_DIR=$home/generated" "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none" \
    "$RABBITMQ/rabbitmq-server"
  await rabbitmq 120 curl -sf -m 2 --noproxy '*' -u "$ADMIN:$(password admin)" "http://127.0.0.1:$PORT_MANAGEMENT/api/vhosts/ecommerce"
  await rabbitmq 30 bash -c ": </dev/tcp/127.0.0.1/$PORT_AMQP"
}
