/** What calling a function by a name may do. Knows names only: no overload of a name counts as better than the worst. */
import type { Catalog, CatalogFunction } from './catalog.ts'
import { STABLE_FUNCTIONS, VOLATILE_FUNCTIONS } from './system-functions.ts'

/**
 * `none`: reads at most what a SELECT could, and changes nothing.
 * `changes`: a function of the server that writes, waits, locks, reads files, or looks into other sessions.
 * `unknown`: runs text or somebody's own code.
 */
export type Harm = 'none' | 'changes' | 'unknown'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Declared volatile because the answer changes, not because calling changes anything that outlasts the session. */
const HARMLESS_VOLATILE = words(`
  array_sample array_shuffle clock_timestamp current_query currval gen_random_uuid lastval pg_blocking_pids
  pg_collation_actual_version pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system
  pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn pg_database_collation_actual_version
  pg_database_size pg_get_multixact_members pg_get_sequence_data pg_get_wait_events pg_get_wal_replay_pause_state
  pg_indexes_size pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact
  pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status
  pg_notification_queue_usage pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_relation_size
  pg_safe_snapshot_blocking_pids pg_sequence_last_value pg_stat_clear_snapshot pg_stat_get_backend_io
  pg_stat_get_backend_wal pg_stat_get_io pg_stat_get_recovery_prefetch pg_stat_get_xact_blocks_fetched
  pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time
  pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted
  pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
  pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated
  pg_stat_have_stats pg_table_size pg_tablespace_size pg_total_relation_size pg_xact_commit_timestamp
  pg_xact_commit_timestamp_origin pg_xact_status random random_normal setseed timeofday txid_status uuidv4 uuidv7
`)

/** Declared stable or immutable, and yet they run checks, other functions, or read what a table cannot be named for. */
const HARMFUL_STABLE = words(`
  fmgr_c_validator fmgr_internal_validator fmgr_sql_validator pg_config pg_input_error_info pg_input_is_valid
  pg_stat_get_activity pg_stat_get_backend_activity pg_tablespace_databases
`)

/** Of uuid-ossp and pgcrypto. */
const MAKES_UP_VALUES = words('uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_random_uuid')

/** Run a text as a query, or read a table, a schema or a cursor whose name is a value. */
const RUNS_TEXT = words(`
  cursor_to_xml cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema database_to_xmlschema query_to_xml
  query_to_xml_and_xmlschema query_to_xmlschema schema_to_xml schema_to_xml_and_xmlschema schema_to_xmlschema
  table_to_xml table_to_xml_and_xmlschema table_to_xmlschema ts_rewrite ts_stat
`)

/** Functions that `information_schema` keeps for its own views. */
const INFORMATION_SCHEMA_PREFIX = '_pg_'

/**
 * @param schema as written, undefined when the name is not qualified
 * @param catalog undefined when not known: then only the server's own names have a meaning
 */
export function functionHarm(schema: string | undefined, name: string, catalog: Catalog | undefined): Harm {
  if (schema === 'information_schema') return name.startsWith(INFORMATION_SCHEMA_PREFIX) ? 'none' : 'unknown'
  // The session may have changed search_path, and overloads are chosen by argument types: any other of that name may run.
  const others = usersFunctions(name, catalog).filter((one) => schema === undefined || one.schema === schema)
  if (!others.every(computesOnly)) return 'unknown'
  const own = schema === undefined || schema === 'pg_catalog' ? systemHarm(name) : undefined
  return own ?? (others.length > 0 ? 'none' : 'unknown')
}

function usersFunctions(name: string, catalog: Catalog | undefined): readonly CatalogFunction[] {
  return (catalog?.functionsNamed(name) ?? []).filter((one) => !isSystemSchema(one.schema) || !one.trusted)
}

/** An extension's that is declared to depend on its arguments alone, or is known to make up a value. */
function computesOnly({ trusted, volatility, name }: CatalogFunction): boolean {
  return trusted && (volatility === 'i' || MAKES_UP_VALUES.has(name))
}

/** True when something of that name could run for `value.name`, the other way to write `name(value)`. */
export function hasHarmfulFunction(name: string, catalog: Catalog | undefined): boolean {
  const own = systemHarm(name)
  if (own !== undefined && own !== 'none') return true
  return catalog?.hasActiveType(name) === true || !usersFunctions(name, catalog).every(computesOnly)
}

export function isSystemSchema(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema'
}

/** Undefined for what is no function of the server, as far as this version knows. */
function systemHarm(name: string): Harm | undefined {
  if (RUNS_TEXT.has(name)) return 'unknown'
  if (STABLE_FUNCTIONS.has(name)) return HARMFUL_STABLE.has(name) ? 'changes' : 'none'
  if (VOLATILE_FUNCTIONS.has(name)) return HARMLESS_VOLATILE.has(name) ? 'none' : 'changes'
  return undefined
}
