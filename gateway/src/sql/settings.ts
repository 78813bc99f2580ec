/** Which session settings a reader may change: those that alter neither what may be done nor what may be seen. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const HARMLESS = words(`
  application_name array_nulls backend_flush_after backslash_quote bytea_output check_function_bodies client_encoding
  client_min_messages cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost cursor_tuple_fraction datestyle
  default_text_search_config default_toast_compression default_transaction_deferrable default_transaction_isolation
  effective_cache_size effective_io_concurrency enable_async_append enable_bitmapscan enable_distinct_reordering
  enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin enable_incremental_sort
  enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin enable_nestloop
  enable_parallel_append enable_parallel_hash enable_partition_pruning enable_partitionwise_aggregate
  enable_partitionwise_join enable_presorted_aggregate enable_self_join_elimination enable_seqscan enable_sort
  enable_tidscan escape_string_warning extra_float_digits force_parallel_mode debug_parallel_query from_collapse_limit
  geqo geqo_effort geqo_generations geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold hash_mem_multiplier
  idle_in_transaction_session_timeout idle_session_timeout intervalstyle jit jit_above_cost jit_inline_above_cost
  jit_optimize_above_cost join_collapse_limit lc_messages lc_monetary lc_numeric lc_time lock_timeout
  max_parallel_workers max_parallel_workers_per_gather min_parallel_index_scan_size min_parallel_table_scan_size
  parallel_leader_participation parallel_setup_cost parallel_tuple_cost plan_cache_mode quote_all_identifiers
  random_page_cost search_path seed seq_page_cost standard_conforming_strings statement_timeout
  synchronize_seqscans tcp_keepalives_count tcp_keepalives_idle tcp_keepalives_interval tcp_user_timeout temp_buffers
  timezone timezone_abbreviations transaction_deferrable transaction_isolation transaction_timeout
  transform_null_equals work_mem xmlbinary xmloption
`)

/** Deciding how the server reads the text of later statements. */
const READING = new Set(['client_encoding', 'standard_conforming_strings', 'backslash_quote'])

const READ_ONLY_SWITCHES = new Set(['transaction_read_only', 'default_transaction_read_only'])
const TRUE_WORDS = new Set(['on', 'true', 'yes', '1'])

/** @param value undefined when it is not a constant, or the default that the server was configured with */
export function isHarmlessSetting(name: string, value: string | undefined): boolean {
  const lower = name.toLowerCase()
  if (READ_ONLY_SWITCHES.has(lower)) return value !== undefined && TRUE_WORDS.has(value.toLowerCase())
  return HARMLESS.has(lower)
}

export function changesReading(name: string): boolean {
  return READING.has(name.toLowerCase())
}
