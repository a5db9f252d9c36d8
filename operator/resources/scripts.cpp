#include "resources/scripts.h"

namespace resources {

const char* const kRedisStart = R"sh(#!/bin/sh
# Starts Redis. A node of several tells the others its present address, and runs the loop that keeps them together.
set -eu
if [ "$NODES" -gt 1 ]; then
    sh /etc/ecommerce/config/cluster.sh &
    set -- --cluster-announce-ip "$POD_IP"
fi
exec redis-server /etc/ecommerce/config/redis.conf "$@"
)sh";

const char* const kRedisCluster = R"sh(#!/bin/sh
# Forms the cluster and heals it, for as long as this pod lives. Every node runs this for itself and none is special; each step
# may be repeated at any time:
#   1. Meet every peer at its present address. Addresses change with each restart; once all have changed, Redis does not find
#      its peers by itself.
#   2. Forget members that are no pod any more: a lost volume makes a new member of the same pod.
#   3. Claim the share of the slots that is this pod's by its number, where nobody holds any of it.
# A peer is ours only if it takes our password, so an address that some other Redis has inherited is never met. Nothing is
# forgotten or claimed unless every peer answers.
set -u
slots=16384
number=${POD_NAME##*-}
first=$((slots * number / NODES))
last=$((slots * (number + 1) / NODES - 1))
REDISCLI_AUTH=$(cat /etc/ecommerce/secrets/redis/password)
export REDISCLI_AUTH

# ask HOST COMMAND...: prints the answer; fails where there is none or it is an error.
ask() {
    host=$1
    shift
    timeout 3 redis-cli -h "$host" -p 6379 -e "$@" 2>/dev/null
}

address_of() {
    getent hosts "$1" | awk '{ print $1; exit }'
}

# Is the member $1 known here under the address $2?
knows() {
    ask 127.0.0.1 cluster nodes | awk -v id="$1" -v at="$2:6379@" '
        $1 == id && index($2, at) == 1 && $3 !~ /handshake|noaddr/ { found = 1 }
        END { exit !found }'
}

tend() {
    me=$(ask 127.0.0.1 cluster myid) || return 0
    # Distinct numbers from the start spare the members a round of settling who claimed what. Refused once it is set.
    ask 127.0.0.1 cluster set-config-epoch $((number + 1)) >/dev/null

    members=" $me "
    answering=1
    peer=0
    while [ "$peer" -lt "$NODES" ]; do
        if [ "$peer" -ne "$number" ]; then
            address=$(address_of "${POD_NAME%-*}-$peer.$PEERS")
            id=''
            [ -z "$address" ] || id=$(ask "$address" cluster myid)
            case "$id" in
            '') ;;
            *) case "$members" in
                *" $id "*) ;; # An address out of date: this one was counted already.
                *)
                    members="$members$id "
                    answering=$((answering + 1))
                    if ! knows "$id" "$address"; then
                        echo "cluster: meeting ${POD_NAME%-*}-$peer at $address"
                        ask 127.0.0.1 cluster meet "$address" 6379 >/dev/null
                    fi
                    ;;
                esac ;;
            esac
        fi
        peer=$((peer + 1))
    done
    [ "$answering" -eq "$NODES" ] || return 0

    for id in $(ask 127.0.0.1 cluster nodes | awk '$3 !~ /handshake/ { print $1 }'); do
        case "$members" in
        *" $id "*) ;;
        *)
            echo "cluster: forgetting $id, which is no pod any more"
            ask 127.0.0.1 cluster forget "$id" >/dev/null
            ;;
        esac
    done

    known=$(ask 127.0.0.1 cluster nodes | awk '$3 !~ /handshake|noaddr/ { n++ } END { print n + 0 }')
    mine=$(ask 127.0.0.1 cluster nodes | awk '$3 ~ /myself/ { print NF - 8 }')
    if [ "$known" -eq "$NODES" ] && [ "$mine" = 0 ]; then
        # Refused as a whole if somebody holds one of them.
        ask 127.0.0.1 cluster addslotsrange "$first" "$last" >/dev/null && echo "cluster: claimed slots $first to $last"
    fi
    return 0
}

while :; do
    tend
    case "$(ask 127.0.0.1 cluster info)" in
    *cluster_state:ok*) sleep 5 ;;
    *) sleep 1 ;;
    esac
done
)sh";

const char* const kRedisReady = R"sh(#!/bin/sh
# Ready: this node answers and, where there are several, a key of another node can be read by following this one's redirection,
# as a client does. PING is always green, and cluster_state reads `ok` for some seconds after a restart though nobody is there.
# One peer that answers suffices: else the loss of one node would make all others unready too.
set -u
REDISCLI_AUTH=$(cat /etc/ecommerce/secrets/redis/password)
export REDISCLI_AUTH
[ "$(timeout 1 redis-cli -h 127.0.0.1 -p 6379 ping 2>/dev/null)" = PONG ] || exit 1
[ "$NODES" -gt 1 ] || exit 0
state=$(timeout 1 redis-cli -h 127.0.0.1 -p 6379 cluster info)
case "$state" in *cluster_state:ok*) ;; *) exit 1 ;; esac
# A cluster that is still being formed, or a node that has no share of it yet.
case "$state" in *cluster_slots_assigned:16384*) ;; *) exit 1 ;; esac
timeout 1 redis-cli -h 127.0.0.1 -p 6379 cluster nodes | awk '$3 ~ /myself/ && NF > 8 { found = 1 } END { exit !found }' || exit 1

tried=' '
key=0
while [ "$key" -lt 32 ]; do
    reply=$(timeout 1 redis-cli -h 127.0.0.1 -p 6379 get "readiness:$key" 2>/dev/null)
    case "$reply" in
    MOVED*) # MOVED 3999 10.0.0.7:6379
        owner=${reply##* }
        case "$tried" in
        *" $owner "*) ;;
        *)
            timeout 1 redis-cli -h "${owner%:*}" -p "${owner##*:}" -e get "readiness:$key" >/dev/null 2>&1 && exit 0
            tried="$tried$owner "
            ;;
        esac
        ;;
    esac
    key=$((key + 1))
done
echo "no other node of the cluster can be read" >&2
exit 1
)sh";

const char* const kRabbitmqStart = R"sh(#!/bin/sh
# Starts RabbitMQ.
set -eu
# Erlang refuses a cookie that others may read, and a volume's group may have been given rights to every file on it.
rm -f "$HOME/.erlang.cookie"
(umask 077 && cat /etc/ecommerce/secrets/rabbitmq/erlang-cookie >"$HOME/.erlang.cookie")
# Before 3.10.9 on Erlang 25 a node hangs in an early step of its start now and then, where a peer has looked for it at the address
# of its former pod; RabbitMQ's own remedy, after 20 s, speaks to an older Erlang (its issue 6034). Started once more, it doesn't.
state_of_start() {
    rabbitmqctl eval 'case rabbit:is_running() of true -> runs; false -> case lists:any(fun(P) ->
        {_, Stack} = process_info(P, current_stacktrace), lists:keymember(global_sync, 2, Stack) end,
        processes()) of true -> hangs; false -> starts end end.' 2>/dev/null || echo unknown
}
watch_start() {
    for _ in 1 2 3 4; do
        sleep 30
        state=$(state_of_start)
        [ "$state" != runs ] || return 0
        [ "$state" = hangs ] || continue
        sleep 10
        [ "$(state_of_start)" != hangs ] || { echo "the start hangs and begins anew" && rabbitmqctl eval 'halt(1).'; }
    done
}
watch_start &
# rabbitmq-server turns off Erlang's prevention of overlapping partitions, which it is not made for (its pull request 5483): with it a
# node that came back after the loss of its machine hung.
exec rabbitmq-server
)sh";

const char* const kProvision = R"sh(#!/bin/sh
# Makes the services' databases and roles as provision.sql says, once PostgreSQL answers.
set -eu
PGPASSWORD=$(cat /etc/ecommerce/secrets/postgres/password)
# The statements hold passwords, which the server shall not write into its log.
PGOPTIONS='-c log_statement=none -c log_min_duration_statement=-1 -c log_min_error_statement=panic'
export PGPASSWORD PGOPTIONS
tries=60
until pg_isready -q -t 2; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "$PGHOST does not answer" >&2; exit 1; }
    sleep 1
done
exec psql -X -q -v ON_ERROR_STOP=1 -d postgres -f /etc/ecommerce/secrets/provisioning/provision.sql
)sh";

}  // namespace resources
