-- What a client's role must not do in the shadow, beyond what PostgreSQL denies by default.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;

DO $$
DECLARE
  f regprocedure;
BEGIN
  FOR f IN
    SELECT p.oid FROM pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace
      AND p.proname <> 'pg_advisory_unlock_all'          -- pools send it; it unlocks nothing
      AND (p.proname ~ '^(lo_|loread$|lowrite$|pg_advisory|pg_try_advisory|pg_sleep|pg_notify$|pg_logical_emit)'
        OR p.proname ~ '^(pg_terminate_backend|pg_cancel_backend|pg_export_snapshot|pg_relation_filepath)$'
        OR p.proname ~ '^pg_(read|ls|stat)_|^pg_stat_file$|^pg_stat_reset|^pg_create_|^pg_replication_|^pg_log'
           AND p.proname !~ '^pg_stat_get_'
        OR p.proname ~ '(^|_)(query|table|schema|database|cursor)_to_xml'   -- runs the query text it is given
        OR p.proname IN ('ts_stat', 'pg_current_logfile', 'pg_import_system_collations', 'pg_rotate_logfile',
                         'pg_hba_file_rules', 'pg_ident_file_mappings', 'pg_show_all_file_settings', 'pg_config',
                         'brin_summarize_new_values', 'brin_summarize_range', 'brin_desummarize_range',
                         'gin_clean_pending_list')
        OR p.oid IN ('ts_rewrite(tsquery,text)'::regprocedure))
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', f);
  END LOOP;
END $$;

-- Commands that create things (SELECT INTO among them) never come from a client's own session: the gateway runs DDL
-- as a superuser that has taken the client's role.
CREATE FUNCTION kadali_internal.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  IF session_user <> 'kadali' THEN
    RAISE EXCEPTION 'permission denied for command %', tg_tag USING ERRCODE = '42501';
  END IF;
END $$;
CREATE EVENT TRIGGER kadali_refuse_ddl ON ddl_command_start EXECUTE FUNCTION kadali_internal.refuse_ddl();
