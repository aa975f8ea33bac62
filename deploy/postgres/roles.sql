-- Three databases, three roles; no role may even connect to another's database.
-- Run by psql as the server's owner, as often as wanted; the passwords come from the environment:
--   INCIDENTS_DATABASE_PASSWORD, APPEALS_DATABASE_PASSWORD, NOTIFICATIONS_DATABASE_PASSWORD

\set ON_ERROR_STOP on
\set QUIET on
\getenv incidents_password INCIDENTS_DATABASE_PASSWORD
\getenv appeals_password APPEALS_DATABASE_PASSWORD
\getenv notifications_password NOTIFICATIONS_DATABASE_PASSWORD

CREATE TEMPORARY TABLE wanted (service text PRIMARY KEY, password text NOT NULL);
INSERT INTO wanted VALUES
    ('incidents', :'incidents_password'),
    ('appeals', :'appeals_password'),
    ('notifications', :'notifications_password');

SELECT format('CREATE ROLE %I LOGIN', service)
FROM wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service)
\gexec

SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD %L', service, password)
FROM wanted
\gexec

SELECT format('CREATE DATABASE %I OWNER %I', service, service)
FROM wanted WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = service)
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', service) FROM wanted
\gexec

REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;
