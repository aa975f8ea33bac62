#!/bin/sh
# In a container: runs once, when the data directory is empty (/docker-entrypoint-initdb.d). Passwords are secret files.
set -eu
for service in incidents appeals notifications; do
    upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
    export "${upper}_DATABASE_PASSWORD=$(cat "/run/secrets/${service}_database_password")"
done
exec psql --no-psqlrc --username "${POSTGRES_USER:-postgres}" --dbname postgres --file /etc/stairs/roles.sql
