#!/bin/sh
# In containers: makes the roles and databases. Passwords are secret files. It runs twice: in the server's own
# container when the data directory is empty (/docker-entrypoint-initdb.d), and before every migration as the
# one-off `roles`, with PGHOST, so that a volume of an earlier version gets what is new.
# No exec: a checkout that lost the executable bit has this file sourced, and the server's start goes on after it.
set -eu
for service in incidents appeals notifications; do
    upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
    export "${upper}_DATABASE_PASSWORD=$(cat "/run/secrets/${service}_database_password")"
    export "${upper}_OWNER_DATABASE_PASSWORD=$(cat "/run/secrets/${service}_owner_database_password")"
done
if [ -n "${PGHOST:-}" ]; then
    PGPASSWORD=$(cat /run/secrets/postgres_password)
    export PGPASSWORD
fi
psql --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres --file /etc/stairs/roles.sql
