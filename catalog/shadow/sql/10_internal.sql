-- What the shadow keeps for itself: nobody but the superuser looks in here.
CREATE SCHEMA kadali_internal;
COMMENT ON SCHEMA kadali_internal IS 'Kadali''s own bookkeeping';

-- One row per object of the tenant's catalog. `digest` NULL: the object was dropped at `version`.
CREATE TABLE kadali_internal.state (
  object text PRIMARY KEY,
  version bigint NOT NULL,
  digest text,
  fingerprint text
);

CREATE TABLE kadali_internal.delta_size (
  oid oid PRIMARY KEY,
  row_count bigint NOT NULL,
  bytes bigint NOT NULL,
  files bigint NOT NULL
);

-- A scan of this must fail (55000): proof that the execution guard works in this server. Views whose text PostgreSQL
-- cannot parse stand on it.
CREATE TABLE kadali_internal.guard ();
GRANT SELECT ON kadali_internal.guard TO PUBLIC;
UPDATE pg_catalog.pg_class SET relispopulated = false WHERE oid = 'kadali_internal.guard'::regclass;

-- What a shell looks like now; compared with what it looked like when it was last written.
CREATE FUNCTION kadali_internal.fingerprint(relation oid) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT md5(concat_ws('|', c.relname, n.nspname, c.relkind, c.relispopulated, c.relowner::regrole, c.relacl,
    (SELECT string_agg(concat_ws(',', a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.attacl,
                                 (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
                                  WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum)), ';' ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    (SELECT string_agg(concat_ws(',', k.conname, k.contype, k.conkey, k.confkey), ';' ORDER BY k.conname)
     FROM pg_constraint k WHERE k.conrelid = c.oid),
    (SELECT string_agg(i.indexrelid::text, ';' ORDER BY i.indexrelid) FROM pg_index i WHERE i.indrelid = c.oid),
    (SELECT md5(string_agg(r.ev_action::text, ';' ORDER BY r.rulename)) FROM pg_rewrite r WHERE r.ev_class = c.oid)))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1
$$;
REVOKE ALL ON FUNCTION kadali_internal.fingerprint(oid) FROM PUBLIC;

-- What users see of us: filled at start (catalog/shadow/objects.py).
CREATE SCHEMA kadali;
COMMENT ON SCHEMA kadali IS 'Relations and functions of the Kadali gateway';
GRANT USAGE ON SCHEMA kadali TO PUBLIC;
