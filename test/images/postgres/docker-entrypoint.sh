#!/bin/bash
# Makes the data folder at the first start, as the official image does, then runs the server. What a pod may say: POSTGRES_USER,
# POSTGRES_PASSWORD, POSTGRES_DB (or the same with _FILE), POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA, and files in
# /docker-entrypoint-initdb.d.
set -euo pipefail

# from_file NAME [DEFAULT]: the variable, or what is in the file that NAME_FILE names.
from_file() {
  local file=${1}_FILE
  if [ -n "${!file:-}" ]; then
    [ -z "${!1:-}" ] || { echo "both $1 and $file are set" >&2; exit 1; }
    export "$1=$(<"${!file}")"
  else
    export "$1=${!1:-${2:-}}"
  fi
  unset "$file"
}

# PostgreSQL wants its user to have a name, and a pod may run it as anybody.
name_user() {
  ! getent passwd "$(id -u)" >/dev/null || return 0
  NSS_WRAPPER_PASSWD=$(mktemp)
  NSS_WRAPPER_GROUP=$(mktemp)
  export NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
  printf 'postgres:x:%s:%s:PostgreSQL:%s:/bin/false\n' "$(id -u)" "$(id -g)" "$PGDATA" >"$NSS_WRAPPER_PASSWD"
  printf 'postgres:x:%s:\n' "$(id -g)" >"$NSS_WRAPPER_GROUP"
  LD_PRELOAD=$(ls /usr/lib/*/libnss_wrapper.so)
  export LD_PRELOAD
}

forget_user() {
  [ -n "${NSS_WRAPPER_PASSWD:-}" ] || return 0
  rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
  unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

run_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file" ;;
    esac
  done
}

initialise() {
  local options method=${POSTGRES_HOST_AUTH_METHOD:-}
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
    echo 'POSTGRES_PASSWORD must say the password of the superuser' >&2
    exit 1
  fi
  eval "options=(${POSTGRES_INITDB_ARGS:-})"
  name_user
  # Into a folder beside it first, so that an initialisation that was cut short is not taken for data.
  rm -rf "$PGDATA.new"
  initdb -D "$PGDATA.new" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") "${options[@]}"
  printf '\nhost all all all %s\n' "${method:-scram-sha-256}" >>"$PGDATA.new/pg_hba.conf"
  # Nobody but this script reaches it until it is whole.
  PGPASSWORD=$POSTGRES_PASSWORD
  export PGPASSWORD
  pg_ctl -D "$PGDATA.new" -o "-c listen_addresses='' -p 5432" -w start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql -v ON_ERROR_STOP=1 --no-psqlrc -U "$POSTGRES_USER" -d postgres -v db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  run_scripts
  pg_ctl -D "$PGDATA.new" -m fast -w stop
  unset PGPASSWORD
  forget_user
  rmdir "$PGDATA" 2>/dev/null || true
  mv -T "$PGDATA.new" "$PGDATA"
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" = postgres ]; then
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  [ -s "$PGDATA/PG_VERSION" ] || initialise
  # A volume's group may have been given rights to everything on it, which PostgreSQL refuses.
  chmod 700 "$PGDATA"
  unset POSTGRES_PASSWORD
fi
exec "$@"
