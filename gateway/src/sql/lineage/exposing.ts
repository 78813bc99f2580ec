/** What of PostgreSQL itself shows values of tables, texts of other sessions' statements, or secrets. */

/** Columns of system relations (`pg_catalog`, `information_schema`). They are masked as soon as anything is. */
export const EXPOSING_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  pg_statistic: ['stavalues1', 'stavalues2', 'stavalues3', 'stavalues4', 'stavalues5'],
  pg_statistic_ext_data: ['stxdmcv', 'stxdexpr'],
  pg_stats: ['most_common_vals', 'histogram_bounds', 'most_common_elems', 'range_bounds_histogram'],
  pg_stats_ext: ['most_common_vals'],
  pg_stats_ext_exprs: ['most_common_vals', 'histogram_bounds', 'most_common_elems', 'range_bounds_histogram'],
  pg_largeobject: ['data'],
  pg_stat_activity: ['query'],
  pg_prepared_statements: ['statement'],
  pg_cursors: ['statement'],
  pg_authid: ['rolpassword'],
  pg_shadow: ['passwd'],
  pg_user_mapping: ['umoptions'],
  pg_user_mappings: ['umoptions'],
  _pg_user_mappings: ['umoptions'],
  user_mapping_options: ['option_value'],
  pg_subscription: ['subconninfo'],
  pg_stat_wal_receiver: ['conninfo'],
}

/** Schemas that a mask without a schema does not mean, and whose views are not followed: only the list above counts. */
export function isSystemSchema(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema' || schema === 'pg_toast'
}

/** Built-in functions that run a text or read a table, file or other session by name or number. */
export const EXPOSING_FUNCTIONS: ReadonlySet<string> = new Set([
  'query_to_xml', 'query_to_xmlschema', 'query_to_xml_and_xmlschema',
  'cursor_to_xml', 'cursor_to_xmlschema',
  'table_to_xml', 'table_to_xml_and_xmlschema',
  'schema_to_xml', 'schema_to_xml_and_xmlschema',
  'database_to_xml', 'database_to_xml_and_xmlschema',
  'ts_stat', 'ts_rewrite',
  'pg_read_file', 'pg_read_binary_file',
  'lo_get', 'loread', 'lo_export',
  'pg_logical_slot_get_changes', 'pg_logical_slot_peek_changes',
  'pg_logical_slot_get_binary_changes', 'pg_logical_slot_peek_binary_changes',
  'pg_stat_get_activity', 'pg_stat_get_backend_activity', 'pg_stat_get_wal_receiver',
  'pg_prepared_statement', 'pg_cursor', 'pg_mcv_list_items',
])

export function exposesOthersData(functionName: string): boolean {
  return EXPOSING_FUNCTIONS.has(functionName)
}
