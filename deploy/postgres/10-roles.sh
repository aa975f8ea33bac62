#!/bin/sh
# In a container: runs once, when the data directory is empty (/docker-entrypoint-initdb.d). Passwords are secret files.
# No exec: a checkout that lost the executable bit has this file sourced, and the server's start goes on after it.
set -eu
for service in incidents appeals notifications; do
    upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
    export "${upper}_DATABASE_PASSWORD=$(cat "/run/secrets/${service}_database_password")"
done
psql --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres --file /etc/stairs/roles.sql
