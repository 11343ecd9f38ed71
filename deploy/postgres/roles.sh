#!/bin/bash
# Makes the database and its two roles; PostgreSQL's image runs it once, on an empty volume. Without Docker:
#   sudo -u postgres env PORTAL_OWNER_PASSWORD=… PORTAL_PASSWORD=… bash deploy/postgres/roles.sh
#   portal_owner  owns the tables, used by `migrate` alone
#   portal        the portal itself: rows, no tables (a hole in the portal cannot lift the guards on the audit trail)
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set owner_password="$PORTAL_OWNER_PASSWORD" --set portal_password="$PORTAL_PASSWORD" <<'SQL'
CREATE ROLE portal_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE portal LOGIN PASSWORD :'portal_password';
CREATE DATABASE portal OWNER portal_owner
    TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8';
REVOKE ALL ON DATABASE portal FROM PUBLIC;
-- TEMPORARY: the roll-up keeps its list of work in a temporary table.
GRANT CONNECT, TEMPORARY ON DATABASE portal TO portal;
\connect portal
GRANT USAGE ON SCHEMA public TO portal;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portal;
ALTER DEFAULT PRIVILEGES FOR ROLE portal_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO portal;
SQL
