-- Three databases, and two roles for each; no role may even connect to another's database.
--
--   incidents_owner   owns the database and all tables in it: for migrate, rebuild and keys alone
--   incidents         what the processes log in as; `migrate` grants it what it needs, and it makes no tables
--
-- Run by psql as the server's owner, as often as wanted, also over databases in which one role was both. The
-- passwords come from the environment: INCIDENTS_DATABASE_PASSWORD, INCIDENTS_OWNER_DATABASE_PASSWORD, and so
-- for APPEALS and NOTIFICATIONS.

\set ON_ERROR_STOP on
\set QUIET on
\getenv incidents_password INCIDENTS_DATABASE_PASSWORD
\getenv appeals_password APPEALS_DATABASE_PASSWORD
\getenv notifications_password NOTIFICATIONS_DATABASE_PASSWORD
\getenv incidents_owner_password INCIDENTS_OWNER_DATABASE_PASSWORD
\getenv appeals_owner_password APPEALS_OWNER_DATABASE_PASSWORD
\getenv notifications_owner_password NOTIFICATIONS_OWNER_DATABASE_PASSWORD

CREATE TEMPORARY TABLE wanted (service text PRIMARY KEY, password text NOT NULL, owner_password text NOT NULL);
INSERT INTO wanted VALUES
    ('incidents', :'incidents_password', :'incidents_owner_password'),
    ('appeals', :'appeals_password', :'appeals_owner_password'),
    ('notifications', :'notifications_password', :'notifications_owner_password');
CREATE TEMPORARY VIEW roles AS
    SELECT service AS name, password FROM wanted
    UNION ALL SELECT service || '_owner', owner_password FROM wanted;

SELECT format('CREATE ROLE %I LOGIN', name)
FROM roles WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)
\gexec

SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L', name, password)
FROM roles
\gexec

SELECT format('CREATE DATABASE %I OWNER %I', service, service || '_owner')
FROM wanted WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = service)
\gexec

SELECT format('ALTER DATABASE %I OWNER TO %I', service, service || '_owner') FROM wanted
\gexec

SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC, %I', service, service) FROM wanted
\gexec

SELECT format('GRANT CONNECT ON DATABASE %I TO %I', service, service) FROM wanted
\gexec

REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
REVOKE CONNECT ON DATABASE template1 FROM PUBLIC;

-- what one role made that was owner and service at once
\connect incidents
REASSIGN OWNED BY incidents TO incidents_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
\connect appeals
REASSIGN OWNED BY appeals TO appeals_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
\connect notifications
REASSIGN OWNED BY notifications TO notifications_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
