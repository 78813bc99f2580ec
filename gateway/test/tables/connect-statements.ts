/** What drivers, object mappers and reporting tools send when they connect or look at a schema; from their sources. */
export const connectStatements: Readonly<Record<string, readonly string[]>> = {
  'pgjdbc at connect': ['SET extra_float_digits = 3', `SET application_name = 'PostgreSQL JDBC Driver'`],
  'pgjdbc transaction settings': [
    'SHOW TRANSACTION ISOLATION LEVEL',
    'SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
  ],
  'pgjdbc getTables': [`SELECT current_database() AS "TABLE_CAT", n.nspname AS "TABLE_SCHEM", c.relname AS "TABLE_NAME",
    CASE n.nspname ~ '^pg_' OR n.nspname = 'information_schema' WHEN true THEN CASE
      WHEN n.nspname = 'pg_catalog' OR n.nspname = 'information_schema' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TABLE'
        WHEN 'v' THEN 'SYSTEM VIEW' WHEN 'i' THEN 'SYSTEM INDEX' ELSE NULL END
      WHEN n.nspname = 'pg_toast' THEN CASE c.relkind WHEN 'r' THEN 'SYSTEM TOAST TABLE' ELSE NULL END
      ELSE NULL END
    WHEN false THEN CASE c.relkind WHEN 'r' THEN 'TABLE' WHEN 'v' THEN 'VIEW' ELSE NULL END ELSE NULL END AS "TABLE_TYPE",
    d.description AS "REMARKS", '' as "TYPE_CAT"
    FROM pg_catalog.pg_namespace n, pg_catalog.pg_class c
    LEFT JOIN pg_catalog.pg_description d ON (c.oid = d.objoid AND d.objsubid = 0 and d.classoid = 'pg_class'::regclass)
    WHERE c.relnamespace = n.oid AND n.nspname LIKE 'public' ORDER BY "TABLE_TYPE","TABLE_SCHEM","TABLE_NAME"`],
  'pgjdbc getColumns': [`SELECT * FROM (SELECT current_database() AS current_database, n.nspname,c.relname,a.attname,a.atttypid,
    a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS attnotnull,a.atttypmod,a.attlen,t.typtypmod,
    row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum, nullif(a.attidentity, '') as attidentity,
    nullif(a.attgenerated, '') as attgenerated, pg_catalog.pg_get_expr(def.adbin, def.adrelid) AS adsrc,dsc.description,
    t.typbasetype,t.typtype FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON (c.relnamespace = n.oid)
    JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) JOIN pg_catalog.pg_type t ON (a.atttypid = t.oid)
    LEFT JOIN pg_catalog.pg_attrdef def ON (a.attrelid=def.adrelid AND a.attnum = def.adnum)
    LEFT JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
    WHERE c.relkind in ('r','p','v','f','m') and a.attnum > 0 AND NOT a.attisdropped AND c.relname LIKE 'orders') c
    WHERE true ORDER BY nspname,c.relname,attnum`],
  'pgjdbc getPrimaryKeys': [`SELECT result.table_cat, result.table_schem, result.table_name, result.column_name,
      result.key_seq, result.pk_name FROM (SELECT current_database() AS table_cat, n.nspname AS table_schem,
        ct.relname AS table_name, a.attname AS column_name,
        (information_schema._pg_expandarray(i.indkey)).n AS key_seq, ci.relname AS pk_name,
        information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS a_attnum
      FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid)
      JOIN pg_catalog.pg_namespace n ON (ct.relnamespace = n.oid)
      JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid)
      WHERE true AND ct.relname = 'orders' AND i.indisprimary ) result
    where result.a_attnum = (result.keys).x ORDER BY result.table_name, result.pk_name, result.key_seq`],
  'SQLAlchemy at connect': ['select pg_catalog.version()', 'select current_schema()', 'show standard_conforming_strings',
    'show transaction isolation level', `SELECT CAST('test plain returns' AS VARCHAR(60)) AS anon_1`, 'ROLLBACK'],
  'SQLAlchemy has_table': [`SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class
    JOIN pg_catalog.pg_namespace ON pg_catalog.pg_namespace.oid = pg_catalog.pg_class.relnamespace
    WHERE pg_catalog.pg_class.relname = 'orders' AND pg_catalog.pg_class.relkind = ANY (ARRAY['r', 'p', 'f', 'v', 'm'])
    AND pg_catalog.pg_table_is_visible(pg_catalog.pg_class.oid) AND pg_catalog.pg_namespace.nspname != 'pg_catalog'`],
  'SQLAlchemy columns': [`SELECT pg_catalog.pg_attribute.attname AS name,
    pg_catalog.format_type(pg_catalog.pg_attribute.atttypid, pg_catalog.pg_attribute.atttypmod) AS format_type,
    (SELECT pg_catalog.pg_get_expr(pg_catalog.pg_attrdef.adbin, pg_catalog.pg_attrdef.adrelid) AS pg_get_expr_1
      FROM pg_catalog.pg_attrdef WHERE pg_catalog.pg_attrdef.adrelid = pg_catalog.pg_attribute.attrelid
      AND pg_catalog.pg_attrdef.adnum = pg_catalog.pg_attribute.attnum AND pg_catalog.pg_attribute.atthasdef) AS "default",
    pg_catalog.pg_attribute.attnotnull AS not_null, pg_catalog.pg_class.relname AS table_name
    FROM pg_catalog.pg_class LEFT OUTER JOIN pg_catalog.pg_attribute ON pg_catalog.pg_class.oid = pg_catalog.pg_attribute.attrelid
    AND pg_catalog.pg_attribute.attnum > 0 AND NOT pg_catalog.pg_attribute.attisdropped
    WHERE pg_catalog.pg_class.relname IN ('orders') ORDER BY pg_catalog.pg_class.relname, pg_catalog.pg_attribute.attnum`],
  'SQLAlchemy foreign keys': [`SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) as condef, n.nspname as conschema
    FROM pg_catalog.pg_constraint r, pg_namespace n, pg_class c
    WHERE r.conrelid = 'orders'::regclass AND r.contype = 'f' AND c.oid = confrelid AND n.oid = c.relnamespace ORDER BY 1`],
  'Django at connect': [`SELECT set_config('TimeZone', 'UTC', false)`, `SET client_encoding TO 'UTF8'`,
    `SELECT oid, typarray FROM pg_type WHERE typname = 'hstore'`],
  'Django table list': [`SELECT c.relname, CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
      obj_description(c.oid, 'pg_class') FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('f', 'm', 'p', 'r', 'v') AND n.nspname NOT IN ('pg_catalog', 'pg_toast')
      AND pg_catalog.pg_table_is_visible(c.oid)`],
  'Django constraints': [`SELECT c.conname, array(SELECT attname FROM unnest(c.conkey) WITH ORDINALITY cols(colid, arridx)
      JOIN pg_attribute AS ca ON cols.colid = ca.attnum WHERE ca.attrelid = c.conrelid ORDER BY cols.arridx), c.contype,
      (SELECT fkc.relname || '.' || fka.attname FROM pg_attribute AS fka JOIN pg_class AS fkc ON fka.attrelid = fkc.oid
        WHERE fka.attrelid = c.confrelid AND fka.attnum = c.confkey[1]), cl.reloptions
    FROM pg_constraint AS c JOIN pg_class AS cl ON c.conrelid = cl.oid
    WHERE cl.relname = 'orders' AND pg_catalog.pg_table_is_visible(cl.oid)`],
  'Prisma at connect': [`SET search_path = "public"`, `SET NAMES 'UTF8'`, 'SELECT version()',
    `SELECT EXISTS(SELECT 1 FROM pg_namespace WHERE nspname = 'public'), version(), current_setting('server_version_num')::integer as numeric_version`],
  'Prisma columns': [`SELECT oid.namespace, info.table_name, info.column_name, format_type(att.atttypid, att.atttypmod) as formatted_type,
      info.numeric_precision, info.data_type, pg_get_expr(attdef.adbin, attdef.adrelid) AS column_default, info.is_nullable
    FROM information_schema.columns info JOIN pg_attribute att ON att.attname = info.column_name
    JOIN (SELECT pg_class.oid, relname, pg_namespace.nspname as namespace FROM pg_class
      JOIN pg_namespace on pg_namespace.oid = pg_class.relnamespace AND pg_namespace.nspname = ANY ('{public}')) as oid
      ON oid.oid = att.attrelid AND relname = info.table_name AND namespace = info.table_schema
    LEFT OUTER JOIN pg_attrdef attdef ON attdef.adrelid = att.attrelid AND attdef.adnum = att.attnum
    WHERE table_schema = ANY ('{public}') ORDER BY namespace, table_name, ordinal_position`],
  'ActiveRecord at connect': [`SET client_min_messages TO 'warning'`, 'SET standard_conforming_strings = on',
    `SET SESSION timezone TO 'UTC'`, `SET intervalstyle = iso_8601`, 'SHOW max_identifier_length', 'SHOW search_path',
    `SELECT t.oid, t.typname, t.typelem, t.typdelim, t.typinput, r.rngsubtype, t.typtype, t.typbasetype
      FROM pg_type as t LEFT JOIN pg_range as r ON oid = rngtypid WHERE t.typname IN ('int2', 'int4', 'text', 'jsonb')`],
  'ActiveRecord columns': [`SELECT a.attname, format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attnotnull,
      a.atttypid, a.atttypmod, c.collname, col_description(a.attrelid, a.attnum) AS comment, attidentity AS identity, attgenerated
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    LEFT JOIN pg_type t ON a.atttypid = t.oid LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
    WHERE a.attrelid = '"orders"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`],
  'Hibernate validates a schema': ['select current_schema()', `select * from information_schema.sequences`,
    `select table_name, table_type from information_schema.tables where table_schema = 'public'`],
  'TypeORM at connect': ['SELECT version()', 'SELECT * FROM current_schema()', 'SHOW server_version',
    `SELECT * FROM "information_schema"."columns" WHERE ("table_schema" = 'public' AND "table_name" = 'orders')`],
  'TypeORM indices': [`SELECT "ns"."nspname" AS "table_schema", "t"."relname" AS "table_name", "i"."relname" AS "constraint_name",
      "a"."attname" AS "column_name", CASE "ix"."indisunique" WHEN 't' THEN 'TRUE' ELSE 'FALSE' END AS "is_unique",
      pg_get_expr("ix"."indpred", "ix"."indrelid") AS "condition" FROM "pg_class" "t"
    INNER JOIN "pg_index" "ix" ON "ix"."indrelid" = "t"."oid"
    INNER JOIN "pg_attribute" "a" ON "a"."attrelid" = "t"."oid" AND "a"."attnum" = ANY ("ix"."indkey")
    INNER JOIN "pg_namespace" "ns" ON "ns"."oid" = "t"."relnamespace"
    INNER JOIN "pg_class" "i" ON "i"."oid" = "ix"."indexrelid" WHERE "t"."relkind" IN ('r', 'p') LIMIT 5`],
  'Drizzle schema': [`SELECT n.nspname AS table_schema, c.relname AS table_name, CASE WHEN c.relkind = 'r' THEN 'table' WHEN c.relkind = 'v'
      THEN 'view' END AS type, c.relrowsecurity AS rls_enabled FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v', 'm') AND n.nspname = 'public'`],
  'Npgsql types': [`SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid FROM (
      SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
        elemtyp.oid AS elemtypoid, CASE WHEN elemproc.proname='array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
      FROM (SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
          CASE WHEN proc.proname='array_recv' THEN 'a' ELSE typ.typtype END AS typtype
        FROM pg_type AS typ LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
        LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive) AS typ
      LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemoid
      LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive) AS t
    JOIN pg_namespace AS ns ON (ns.oid = typnamespace) WHERE typtype IN ('b', 'r', 'm', 'e', 'd') ORDER BY t.oid LIMIT 20`],
  'psycopg type info': [`SELECT t.typname AS name, t.oid AS oid, t.typarray AS array_oid, t.oid::regtype::text AS regtype,
      t.typdelim AS delimiter FROM pg_type t WHERE t.oid = to_regtype('jsonb') ORDER BY t.oid`],
  'Metabase at connect': [`SET SESSION TIMEZONE TO 'UTC'`, 'SELECT 1', `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'`],
  'Metabase privileges': [`with table_privileges as (select NULL as role, t.schemaname as schema, t.objectname as table,
      pg_catalog.has_any_column_privilege(current_user, '"' || replace(t.schemaname, '"', '""') || '"' || '.' || '"' ||
        replace(t.objectname, '"', '""') || '"', 'update') as update,
      pg_catalog.has_table_privilege(current_user, '"' || t.schemaname || '"' || '.' || '"' || t.objectname || '"', 'DELETE') as delete
    from (select schemaname, tablename as objectname from pg_catalog.pg_tables union select schemaname, viewname as objectname
      from pg_catalog.pg_views) t where t.schemaname !~ '^pg_' and t.schemaname <> 'information_schema')
    select t.* from table_privileges t`],
  'DBeaver at connect': [`SET application_name = 'DBeaver 24.2.0 - Main <postgres>'`, 'SELECT current_schema(),session_user',
    'SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid ORDER BY nspname',
    'SHOW search_path', `SELECT * FROM pg_catalog.pg_settings where name='standard_conforming_strings'`],
  'pgAdmin at connect': [`SET DateStyle=ISO; SET client_min_messages=notice; SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings()
    WHERE name = 'bytea_output'; SET client_encoding='UTF8';`],
  'Grafana': [`SELECT floor(extract(epoch from placed_at)/60)*60 AS "time", avg(total) AS "value" FROM orders
    WHERE placed_at BETWEEN '2024-01-01T00:00:00Z' AND '2024-12-31T00:00:00Z' GROUP BY 1 ORDER BY 1`],
  'Superset': ['SET search_path = "public"', `SELECT DATE_TRUNC('day', placed_at) AS __timestamp, SUM(total) AS "SUM(total)"
    FROM public.orders WHERE placed_at >= TO_TIMESTAMP('2024-01-01 00:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US')
    GROUP BY DATE_TRUNC('day', placed_at) ORDER BY "SUM(total)" DESC LIMIT 10000`],
  'Power BI': [`select "$Table"."city" as "city", count(1) as "a0" from "public"."customers" "$Table" group by "city" limit 1000001`],
  'pg_dump style catalogue query': [`SELECT pg_catalog.set_config('search_path', '', false)`,
    'SET statement_timeout = 0', 'SET extra_float_digits = 3', 'SET idle_in_transaction_session_timeout = 0',
    `SELECT typname, typnamespace::pg_catalog.regnamespace FROM pg_catalog.pg_type WHERE typtype = 'e'`],
}
