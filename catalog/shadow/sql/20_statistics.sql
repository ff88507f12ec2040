-- Row counts and sizes of the Delta tables in place of those of the empty shells.
-- The built-ins are called by their OIDs, so CREATE OR REPLACE has no effect: they are renamed and given successors.
SET allow_system_table_mods = on;

CREATE FUNCTION kadali_internal.bytes_of(oid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
AS 'SELECT bytes FROM kadali_internal.delta_size d WHERE d.oid = $1';
CREATE FUNCTION kadali_internal.rows_of(oid) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
AS 'SELECT row_count FROM kadali_internal.delta_size d WHERE d.oid = $1';
CREATE FUNCTION kadali_internal.all_bytes() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
AS 'SELECT coalesce(sum(bytes), 0)::bigint FROM kadali_internal.delta_size';

ALTER FUNCTION pg_catalog.pg_table_size(regclass) RENAME TO pg_table_size_real;
CREATE FUNCTION pg_catalog.pg_table_size(regclass) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT coalesce(kadali_internal.bytes_of($1::oid), pg_catalog.pg_table_size_real($1))';

ALTER FUNCTION pg_catalog.pg_total_relation_size(regclass) RENAME TO pg_total_relation_size_real;
CREATE FUNCTION pg_catalog.pg_total_relation_size(regclass) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT coalesce(kadali_internal.bytes_of($1::oid), pg_catalog.pg_total_relation_size_real($1))';

ALTER FUNCTION pg_catalog.pg_relation_size(regclass, text) RENAME TO pg_relation_size_real;
CREATE FUNCTION pg_catalog.pg_relation_size(regclass, text) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT coalesce(CASE WHEN $2 = ''main'' THEN kadali_internal.bytes_of($1::oid) END,
                    pg_catalog.pg_relation_size_real($1, $2))';

ALTER FUNCTION pg_catalog.pg_relation_size(regclass) RENAME TO pg_relation_size_real;
CREATE FUNCTION pg_catalog.pg_relation_size(regclass) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT pg_catalog.pg_relation_size($1, ''main'')';

-- A shell's indexes exist only as definitions.
ALTER FUNCTION pg_catalog.pg_indexes_size(regclass) RENAME TO pg_indexes_size_real;
CREATE FUNCTION pg_catalog.pg_indexes_size(regclass) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT CASE WHEN kadali_internal.bytes_of($1::oid) IS NULL THEN pg_catalog.pg_indexes_size_real($1) ELSE 0 END';

ALTER FUNCTION pg_catalog.pg_database_size(oid) RENAME TO pg_database_size_real;
CREATE FUNCTION pg_catalog.pg_database_size(oid) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT pg_catalog.pg_database_size_real($1)
         + CASE WHEN (SELECT datname FROM pg_catalog.pg_database d WHERE d.oid = $1) = pg_catalog.current_database()
                THEN kadali_internal.all_bytes() ELSE 0 END';
ALTER FUNCTION pg_catalog.pg_database_size(name) RENAME TO pg_database_size_real;
CREATE FUNCTION pg_catalog.pg_database_size(name) RETURNS bigint LANGUAGE sql STRICT VOLATILE PARALLEL SAFE
AS 'SELECT pg_catalog.pg_database_size_real($1)
         + CASE WHEN $1 = pg_catalog.current_database() THEN kadali_internal.all_bytes() ELSE 0 END';

-- The views hold the old function's OID, so they are written again from their own text.
CREATE TEMP TABLE view_text AS
  SELECT pg_catalog.pg_get_viewdef('pg_catalog.pg_stat_all_tables'::regclass) AS body;
ALTER FUNCTION pg_catalog.pg_stat_get_live_tuples(oid) RENAME TO pg_stat_get_live_tuples_real;
CREATE FUNCTION pg_catalog.pg_stat_get_live_tuples(oid) RETURNS bigint LANGUAGE sql STRICT STABLE PARALLEL RESTRICTED
AS 'SELECT coalesce(kadali_internal.rows_of($1), pg_catalog.pg_stat_get_live_tuples_real($1))';
DO $$ BEGIN
  EXECUTE 'CREATE OR REPLACE VIEW pg_catalog.pg_stat_all_tables AS ' || (SELECT body FROM view_text);
END $$;
DROP TABLE view_text;

-- The client's session is the gateway's: its backend pid is the one the client was told.
ALTER FUNCTION pg_catalog.pg_backend_pid() RENAME TO pg_backend_pid_real;
CREATE FUNCTION pg_catalog.pg_backend_pid() RETURNS integer LANGUAGE sql STABLE PARALLEL RESTRICTED
AS 'SELECT coalesce(nullif(pg_catalog.current_setting(''kadali.client_pid'', true), '''')::integer,
                    pg_catalog.pg_backend_pid_real())';

GRANT USAGE ON SCHEMA kadali_internal TO PUBLIC;
RESET allow_system_table_mods;
