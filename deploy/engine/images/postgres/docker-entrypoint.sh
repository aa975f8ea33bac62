#!/bin/bash
# What the public image's entry point does, as far as docker-compose.yml and testcontainers use it:
# POSTGRES_USER, POSTGRES_PASSWORD(_FILE), POSTGRES_DB, POSTGRES_INITDB_ARGS, /docker-entrypoint-initdb.d/*.{sh,sql}.
set -euo pipefail

fail() { echo "Error: $1" >&2; exit 1; }

# any other command than the server, or options for it
case ${1:-postgres} in
    postgres | -*) ;;
    *) exec "$@" ;;
esac

if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    chown -R postgres /var/lib/postgresql /var/run/postgresql
    exec setpriv --reuid=999 --regid=999 --clear-groups -- "$0" "$@"
fi

if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        [ -r "$POSTGRES_PASSWORD_FILE" ] || fail "POSTGRES_PASSWORD_FILE: $POSTGRES_PASSWORD_FILE cannot be read"
        POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
    fi
    [ -n "${POSTGRES_PASSWORD:-}" ] || fail "Database is uninitialized and superuser password is not specified."
    user=${POSTGRES_USER:-postgres} name=${POSTGRES_DB:-${POSTGRES_USER:-postgres}}
    mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
    # shellcheck disable=SC2086 - arguments, as the public image takes them
    initdb --pgdata="$PGDATA" --username="$user" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
        --auth-host=scram-sha-256 --auth-local=trust ${POSTGRES_INITDB_ARGS:-}
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    pg_ctl --pgdata="$PGDATA" -w -o "-c listen_addresses='' -c unix_socket_directories=/var/run/postgresql" start
    export PGHOST=/var/run/postgresql PGUSER=$user
    [ "$name" = postgres ] || createdb "$name"
    for file in /docker-entrypoint-initdb.d/*; do
        case $file in
            *.sql) echo "running $file"; psql -X -v ON_ERROR_STOP=1 --dbname "$name" --file "$file" ;;
            *.sh) echo "running $file"; if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
        esac
    done
    pg_ctl --pgdata="$PGDATA" --mode=fast -w stop
    unset PGHOST PGUSER
    echo "PostgreSQL init process complete; ready for start up."
fi

[ "${1:-}" = postgres ] && shift
# the wheel's clients look for the socket in /tmp, the public image's in /var/run/postgresql: both find it
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql,/tmp "$@"
