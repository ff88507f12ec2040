--- DBeaver 25.1: main and metadata connection, navigator
SET extra_float_digits = 3

-- extended
SET application_name = 'DBeaver 25.1.5 - Main <acme>'

-- extended
SELECT current_schema(),session_user

-- extended
SHOW search_path

-- shape
SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
ORDER BY nspname

-- shape
SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate OR db.datname = 'acme' ORDER BY db.datname

-- extended
SELECT boot_val FROM pg_settings WHERE name = 'search_path'

-- extended
SELECT string_agg(word, ',' ORDER BY word) FROM pg_catalog.pg_get_keywords() WHERE word <> ALL ('{select,from}'::text[])

-- shape
select * from pg_catalog.pg_settings where name='standard_conforming_strings'

-- shape
SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace='shop'::regnamespace AND c.relkind not in ('i','I','c') ORDER BY c.relname

-- extended
SELECT c.relname,a.attname,a.attnum,a.atttypmod,a.attnotnull,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.oid='shop.orders'::regclass ORDER BY a.attnum

-- shape
SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description,pg_catalog.pg_get_constraintdef(c.oid) as def
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE c.conrelid='shop.orders'::regclass ORDER BY c.conname

-- shape
SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,
pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,
pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid='shop.orders'::regclass ORDER BY c.relname

-- extended
SELECT pg_catalog.pg_get_viewdef('shop.revenue'::regclass, true)

-- shape
select pg_total_relation_size('shop.numbers'::regclass), pg_relation_size('shop.numbers'::regclass), pg_stat_get_numscans('shop.orders'::regclass)

-- extended
select 'shop.orders'::regclass::text, 23::regtype::text, 'integer'::regtype::oid, to_regclass('shop.nothing'), 'shop'::regnamespace::text

-- extended
SELECT x.* FROM shop.lines x ORDER BY order_id, line LIMIT 200

--- Metabase 0.50: connect, sync, privileges, a question
-- extended
SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ UNCOMMITTED

-- extended
SHOW TRANSACTION ISOLATION LEVEL

-- extended
SET application_name = 'Metabase v0.50.1 [8a3b-11]'

-- extended
SELECT 1

-- extended
with table_privileges as (
 select NULL as role, t.schemaname as schema, t.objectname as table,
  pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'update') as update,
  pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select,
  pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'insert') as insert,
  pg_catalog.has_table_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'delete') as delete
 from (
  select schemaname, tablename as objectname from pg_catalog.pg_tables
  union select schemaname, viewname as objectname from pg_catalog.pg_views
  union select schemaname, matviewname as objectname from pg_catalog.pg_matviews
 ) t
 where t.schemaname = 'shop' and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
select t.* from table_privileges t where t.select or t.update order by 2, 3

-- extended
SELECT true AS "_" FROM "shop"."orders" WHERE 1 <> 1 LIMIT 0

-- extended
select c.column_name as name, c.udt_name as "database-type", c.ordinal_position - 1 as "database-position", c.table_schema, c.table_name,
 pk.column_name is not null as "pk?", col_description(cast(cast(format('%I.%I', c.table_schema, c.table_name) as regclass) as oid), c.ordinal_position) as "field-comment",
 ((column_default is null) or (lower(column_default) = 'null')) and (is_nullable = 'NO') and not is_identity = 'YES' as "database-required"
from information_schema.columns as c
left join (select tc.table_schema, tc.table_name, kc.column_name from information_schema.table_constraints as tc
  inner join information_schema.key_column_usage as kc on tc.constraint_name = kc.constraint_name and tc.table_schema = kc.table_schema and tc.table_name = kc.table_name
  where tc.constraint_type = 'PRIMARY KEY') as pk
 on c.table_schema = pk.table_schema and c.table_name = pk.table_name and c.column_name = pk.column_name
where c.table_schema !~ '^information_schema|catalog_history|pg_' and c.table_schema in ('shop') order by 4, 5, 3

-- extended
select fk_ns.nspname, fk_table.relname, fk_column.attname, pk_ns.nspname, pk_table.relname, pk_column.attname
from pg_constraint c
join pg_class fk_table on c.conrelid = fk_table.oid join pg_namespace fk_ns on c.connamespace = fk_ns.oid
join pg_attribute fk_column on c.conrelid = fk_column.attrelid join pg_class pk_table on c.confrelid = pk_table.oid
join pg_namespace pk_ns on pk_table.relnamespace = pk_ns.oid join pg_attribute pk_column on c.confrelid = pk_column.attrelid
where c.contype = 'f'::char and c.conkey[1] = fk_column.attnum and c.confkey[1] = pk_column.attnum and fk_ns.nspname = 'shop' order by 2, 3

-- extended
select n_live_tup > 0 from pg_stat_user_tables where schemaname = 'shop' and relname = 'numbers'

-- extended
SELECT "source"."paid" AS "paid", COUNT(*) AS "count", SUM("source"."amount") AS "sum"
FROM (SELECT "shop"."orders"."id" AS "id", "shop"."orders"."paid" AS "paid", "shop"."orders"."amount" AS "amount" FROM "shop"."orders") AS "source"
GROUP BY "source"."paid" ORDER BY "source"."paid" ASC LIMIT 2000

-- extended
SELECT DATE_TRUNC('month', "shop"."orders"."at") AS "at", COUNT(*) AS "count" FROM "shop"."orders"
WHERE "shop"."orders"."day" >= DATE '2000-01-01' GROUP BY DATE_TRUNC('month', "shop"."orders"."at") ORDER BY 1

--- Metabase as a user with few rights
-- as bob
-- extended
with table_privileges as (
 select t.schemaname as schema, t.objectname as table,
  pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' || replace(t.objectname, '"', '""') || '"', 'select') as select
 from (select schemaname, tablename as objectname from pg_catalog.pg_tables union select schemaname, viewname from pg_catalog.pg_views) t
 where t.schemaname = 'shop' and pg_catalog.has_schema_privilege(current_user, t.schemaname, 'usage'))
select t.* from table_privileges t order by 1, 2

-- extended
SELECT true AS "_" FROM "shop"."lines" WHERE 1 <> 1 LIMIT 0

-- extended
SELECT "id", "name" FROM "shop"."customers" ORDER BY 1

--- Grafana 13: health check, query builder, time series
-- ping

-- extended
-- ping

;

-- extended
;

-- extended
SELECT 1

-- extended
SELECT current_setting('server_version_num')::int/100 as version

-- extended
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog', '_prometheus_catalog') AND quote_ident(table_schema) = 'shop' ORDER BY 1

-- extended
SELECT quote_ident(column_name) AS "column", data_type AS "type" FROM information_schema.columns
WHERE quote_ident(table_schema) || '.' || quote_ident(table_name) = 'shop.orders' ORDER BY ordinal_position

-- binary
SELECT "at" AS "time", amount AS value FROM shop.orders WHERE "at" BETWEEN '1999-01-01T00:00:00Z' AND '2025-01-01T00:00:00Z' ORDER BY 1

-- extended
SELECT floor(extract(epoch from "at")/21600)*21600 AS "time", avg(amount) AS value FROM shop.orders WHERE "at" IS NOT NULL GROUP BY 1 ORDER BY 1

--- Tableau and Excel by psqlODBC 13: connect, declare/fetch, connect check
SET DateStyle = 'ISO';SET extra_float_digits = 2;show transaction_isolation

select oid, typbasetype from pg_type where typname = 'lo'

BEGIN;declare "SQL_CUR0x55d0" cursor with hold for select id, amount, note from shop.orders order by id;fetch 2 in "SQL_CUR0x55d0"

fetch 2 in "SQL_CUR0x55d0"

close "SQL_CUR0x55d0";commit

BEGIN;declare "SQL_CUR0x55d1" cursor with hold for select n from shop.numbers order by n;fetch 3 in "SQL_CUR0x55d1"

COMMIT

fetch 3 in "SQL_CUR0x55d1"

close "SQL_CUR0x55d1"

SELECT "Custom SQL Query"."name" AS "name", SUM("Custom SQL Query"."total") AS "sum" FROM (
  SELECT * FROM shop.revenue
) "Custom SQL Query" GROUP BY 1 ORDER BY 1

SELECT * FROM (SELECT id, at FROM shop.orders) "Custom SQL Query" LIMIT 0

select n.nspname, c.relname, a.attname, a.atttypid, t.typname, a.attnum, a.attlen, a.atttypmod, a.attnotnull, c.relhasrules, c.relkind, pg_get_expr(d.adbin, d.adrelid), case t.typtype when 'd' then t.typbasetype else 0 end, t.typtypmod, 0, attidentity, c.relhassubclass
from (((pg_catalog.pg_class c inner join pg_catalog.pg_namespace n on n.oid = c.relnamespace and c.relname like 'orders' and n.nspname like 'shop')
inner join pg_catalog.pg_attribute a on (not a.attisdropped) and a.attnum > 0 and a.attrelid = c.oid)
inner join pg_catalog.pg_type t on t.oid = a.atttypid)
left outer join pg_attrdef d on a.atthasdef and d.adrelid = a.attrelid and d.adnum = a.attnum order by n.nspname, c.relname, attnum

-- refused 0A000
CREATE LOCAL TEMPORARY TABLE "#Tableau_2_Connect_Check" ("COL" INTEGER) ON COMMIT PRESERVE ROWS

--- Power BI and Excel by Npgsql: type loading, foreign keys, DirectQuery, pool
SELECT version();
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
 SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind, elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
  CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
 FROM (
  SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
   CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
   CASE WHEN proc.proname='array_recv' THEN typ.typelem WHEN typ.typtype='r' THEN rngsubtype WHEN typ.typtype='m' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid) WHEN typ.typtype='d' THEN typ.typbasetype END AS elemtypoid
  FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid) LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
 ) AS typ
 LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid) LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE ns.nspname = 'pg_catalog' AND (typtype IN ('b', 'r', 'm', 'e', 'd') OR (typtype = 'c' AND relkind='c') OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown'))
 OR (typtype = 'a' AND (elemtyptype IN ('b', 'r', 'm', 'e', 'd') OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void')))))
ORDER BY t.oid;
SELECT typ.oid, att.attname, att.atttypid FROM pg_type AS typ JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace) JOIN pg_class AS cls ON (cls.oid = typ.typrelid) JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind='c') AND attnum > 0 AND NOT attisdropped ORDER BY typ.oid, att.attnum;
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid=enumtypid ORDER BY oid, enumsortorder

-- extended
select * from INFORMATION_SCHEMA.character_sets

-- extended
SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()

-- binary
select COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, case when (data_type like '%unsigned%') then DATA_TYPE || ' unsigned' else DATA_TYPE end as DATA_TYPE
from INFORMATION_SCHEMA.columns where TABLE_SCHEMA = 'shop' and TABLE_NAME = 'orders' order by TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION

-- extended
select pkcol.COLUMN_NAME as PK_COLUMN_NAME, fkcol.TABLE_SCHEMA AS FK_TABLE_SCHEMA, fkcol.TABLE_NAME AS FK_TABLE_NAME, fkcol.COLUMN_NAME as FK_COLUMN_NAME, fkcol.ORDINAL_POSITION as ORDINAL,
 fkcon.CONSTRAINT_SCHEMA || '_' || fkcol.TABLE_NAME || '_' || 'orders' || '_' || fkcon.CONSTRAINT_NAME as FK_NAME
from (select distinct constraint_catalog, constraint_schema, unique_constraint_schema, constraint_name, unique_constraint_name from INFORMATION_SCHEMA.referential_constraints) fkcon
inner join INFORMATION_SCHEMA.key_column_usage fkcol on fkcon.CONSTRAINT_SCHEMA = fkcol.CONSTRAINT_SCHEMA and fkcon.CONSTRAINT_NAME = fkcol.CONSTRAINT_NAME
inner join INFORMATION_SCHEMA.key_column_usage pkcol on fkcon.UNIQUE_CONSTRAINT_SCHEMA = pkcol.CONSTRAINT_SCHEMA and fkcon.UNIQUE_CONSTRAINT_NAME = pkcol.CONSTRAINT_NAME
where pkcol.TABLE_SCHEMA = 'shop' and pkcol.TABLE_NAME = 'orders' and pkcol.ORDINAL_POSITION = fkcol.ORDINAL_POSITION order by FK_NAME, fkcol.ORDINAL_POSITION

-- binary
select "_"."paid", sum("_"."amount") as "a0" from (select "id", "paid", "amount" from "shop"."orders") "_" group by "_"."paid" order by 1 limit 1000001

-- binary
select * from shop.orders "$Table" order by id limit 4096

DISCARD ALL

-- extended
DISCARD ALL

SELECT pg_advisory_unlock_all()

--- postgres_fdw: settings, scans, import, ANALYZE
SET search_path = pg_catalog

SET timezone = 'GMT'

SET datestyle = ISO

SET intervalstyle = postgres

SET extra_float_digits = 3

START TRANSACTION ISOLATION LEVEL REPEATABLE READ

-- extended
DECLARE c1 CURSOR FOR SELECT id, amount, note, at FROM shop.orders WHERE ((amount > 1)) ORDER BY id ASC NULLS LAST

FETCH 100 FROM c1

CLOSE c1

COMMIT TRANSACTION

START TRANSACTION ISOLATION LEVEL REPEATABLE READ

DECLARE c2 CURSOR FOR SELECT n FROM shop.numbers ORDER BY n ASC NULLS LAST

FETCH 100 FROM c2

FETCH 100 FROM c2

CLOSE c2

COMMIT TRANSACTION

SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = 'shop'

SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated, pg_get_expr(adbin, adrelid), collname, collnsp.nspname
FROM pg_class c JOIN pg_namespace n ON relnamespace = n.oid LEFT JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
LEFT JOIN pg_attrdef ad ON adrelid = c.oid AND adnum = attnum LEFT JOIN pg_collation coll ON coll.oid = attcollation
LEFT JOIN pg_namespace collnsp ON collnsp.oid = collnamespace
WHERE c.relkind IN ('r', 'v', 'f', 'm', 'p') AND n.nspname = 'shop' AND (NOT c.relispartition OR c.relkind = 'p') ORDER BY c.relname, attnum

-- shape
SELECT pg_catalog.pg_relation_size('shop.numbers'::pg_catalog.regclass) / 8192

-- shape
SELECT reltuples, relkind FROM pg_catalog.pg_class WHERE oid = 'shop.numbers'::pg_catalog.regclass

-- shape
EXPLAIN SELECT id FROM shop.orders WHERE ((id = (SELECT null::bigint)::bigint))

START TRANSACTION ISOLATION LEVEL REPEATABLE READ

DECLARE c3 CURSOR FOR SELECT n FROM shop.numbers ORDER BY n ASC NULLS LAST

FETCH 100 FROM c3

-- refused 55000
MOVE BACKWARD ALL IN c3

ABORT TRANSACTION

--- DuckDB's postgres extension: attach, read, write
-- shape
BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ;
SELECT oid, nspname FROM pg_namespace WHERE nspname = 'shop' ORDER BY oid;
SELECT pg_namespace.oid AS namespace_id, relname, relpages, attname, pg_type.typname type_name, atttypmod type_modifier, pg_attribute.attndims ndim, attnum, pg_attribute.attnotnull AS notnull, NULL constraint_id, NULL constraint_type, NULL constraint_key
FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid JOIN pg_attribute ON pg_class.oid=pg_attribute.attrelid JOIN pg_type ON atttypid=pg_type.oid
WHERE attnum > 0 AND relkind IN ('r', 'v', 'm', 'f', 'p') AND pg_namespace.nspname = 'shop'
UNION ALL
SELECT pg_namespace.oid AS namespace_id, relname, NULL relpages, NULL attname, NULL type_name, NULL type_modifier, NULL ndim, NULL attnum, NULL AS notnull, pg_constraint.oid AS constraint_id, contype AS constraint_type, conkey AS constraint_key
FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid JOIN pg_constraint ON (pg_class.oid=pg_constraint.conrelid)
WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND contype IN ('p', 'u') AND pg_namespace.nspname = 'shop'
ORDER BY namespace_id, relname, attnum, constraint_id;
SELECT 0 AS oid, 0 AS enum_id, '' AS typname, '' AS enumlabel LIMIT 0;
SELECT n.oid, t.typrelid AS id, t.typname as type, pg_attribute.attname, sub_type.typname FROM pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace JOIN pg_class ON pg_class.oid = t.typrelid
JOIN pg_attribute ON attrelid=t.typrelid JOIN pg_type sub_type ON (pg_attribute.atttypid=sub_type.oid) WHERE pg_class.relkind = 'c' AND t.typtype='c' AND n.nspname = 'shop' ORDER BY n.oid, t.oid, attnum;
SELECT pg_namespace.oid, tablename, indexname FROM pg_indexes JOIN pg_namespace ON (schemaname=nspname) WHERE pg_namespace.nspname = 'shop' ORDER BY 2, 3

-- copy
COPY (SELECT "id", "amount", "note", "tags" FROM "shop"."orders" ORDER BY id) TO STDOUT (FORMAT "binary")

COMMIT

SELECT pg_is_in_recovery(), (select count(*) from pg_stat_wal_receiver)

-- refused 42501
SELECT pg_is_in_recovery(), pg_export_snapshot(), (select count(*) from pg_stat_wal_receiver)

-- refused 0A000
COPY (SELECT "n" FROM "shop"."numbers" WHERE ctid BETWEEN '(0,0)'::tid AND '(4294967295,0)'::tid) TO STDOUT (FORMAT "binary")

--- SQLAlchemy's, dbt's and old tools' catalog questions
BEGIN

select pg_catalog.version()

show standard_conforming_strings

SAVEPOINT "_pg3_1"

-- extended
SELECT typname AS name, oid, typarray AS array_oid, oid::regtype::text AS regtype, typdelim AS delimiter FROM pg_type t WHERE t.oid = to_regtype('hstore') ORDER BY t.oid

RELEASE "_pg3_1"

ROLLBACK

select distinct dependent_namespace.nspname as dependent_schema, dependent_class.relname as dependent_name, referenced_namespace.nspname as referenced_schema, referenced_class.relname as referenced_name
from pg_class as dependent_class
join pg_namespace as dependent_namespace on dependent_namespace.oid = dependent_class.relnamespace
join pg_rewrite on pg_rewrite.ev_class = dependent_class.oid
join pg_depend on pg_depend.objid = pg_rewrite.oid
join pg_class as referenced_class on referenced_class.oid = pg_depend.refobjid
join pg_namespace as referenced_namespace on referenced_namespace.oid = referenced_class.relnamespace
where referenced_namespace.nspname = 'shop' and dependent_class.oid != referenced_class.oid order by 1, 2, 3, 4

select 'acme' as database, tablename as name, schemaname as schema, 'table' as type from pg_tables where schemaname ilike 'shop'
union all select 'acme' as database, viewname as name, schemaname as schema, 'view' as type from pg_views where schemaname ilike 'shop' order by 2

SELECT proname, prokind, pronargs FROM pg_proc WHERE proname IN ('sum', 'lower') ORDER BY oid

SELECT p.proisagg FROM pg_proc p

-- extended
select c.relname, (select count(*) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) from pg_class c where c.relnamespace = 'shop'::regnamespace and relkind in ('r', 'v') order by 1

-- refused 0A000
select c.relname, o.id from pg_class c, shop.orders o

select 'x'::regclass
