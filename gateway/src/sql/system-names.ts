/**
 * Names that every PostgreSQL server has before anybody adds one, for when a target's catalog is not known.
 * Read from a PostgreSQL 18.4 server by the queries in `system-names.test.ts`, which compares again.
 */

const names = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Tables and views of `pg_catalog`. */
export const SYSTEM_RELATIONS = names(`
  pg_aggregate pg_aios pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid
  pg_available_extension_versions pg_available_extensions pg_backend_memory_contexts pg_cast pg_class pg_collation
  pg_config pg_constraint pg_conversion pg_cursors pg_database pg_db_role_setting pg_default_acl pg_depend
  pg_description pg_enum pg_event_trigger pg_extension pg_file_settings pg_foreign_data_wrapper pg_foreign_server
  pg_foreign_table pg_group pg_hba_file_rules pg_ident_file_mappings pg_index pg_indexes pg_inherits pg_init_privs
  pg_language pg_largeobject pg_largeobject_metadata pg_locks pg_matviews pg_namespace pg_opclass pg_operator
  pg_opfamily pg_parameter_acl pg_partitioned_table pg_policies pg_policy pg_prepared_statements pg_prepared_xacts
  pg_proc pg_publication pg_publication_namespace pg_publication_rel pg_publication_tables pg_range
  pg_replication_origin pg_replication_origin_status pg_replication_slots pg_rewrite pg_roles pg_rules pg_seclabel
  pg_seclabels pg_sequence pg_sequences pg_settings pg_shadow pg_shdepend pg_shdescription pg_shmem_allocations
  pg_shmem_allocations_numa pg_shseclabel pg_stat_activity pg_stat_all_indexes pg_stat_all_tables pg_stat_archiver
  pg_stat_bgwriter pg_stat_checkpointer pg_stat_database pg_stat_database_conflicts pg_stat_gssapi pg_stat_io
  pg_stat_progress_analyze pg_stat_progress_basebackup pg_stat_progress_cluster pg_stat_progress_copy
  pg_stat_progress_create_index pg_stat_progress_vacuum pg_stat_recovery_prefetch pg_stat_replication
  pg_stat_replication_slots pg_stat_slru pg_stat_ssl pg_stat_subscription pg_stat_subscription_stats
  pg_stat_sys_indexes pg_stat_sys_tables pg_stat_user_functions pg_stat_user_indexes pg_stat_user_tables pg_stat_wal
  pg_stat_wal_receiver pg_stat_xact_all_tables pg_stat_xact_sys_tables pg_stat_xact_user_functions
  pg_stat_xact_user_tables pg_statio_all_indexes pg_statio_all_sequences pg_statio_all_tables pg_statio_sys_indexes
  pg_statio_sys_sequences pg_statio_sys_tables pg_statio_user_indexes pg_statio_user_sequences pg_statio_user_tables
  pg_statistic pg_statistic_ext pg_statistic_ext_data pg_stats pg_stats_ext pg_stats_ext_exprs pg_subscription
  pg_subscription_rel pg_tables pg_tablespace pg_timezone_abbrevs pg_timezone_names pg_transform pg_trigger
  pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_type pg_user pg_user_mapping
  pg_user_mappings pg_views pg_wait_events
`)

/** Columns of the relations of `pg_catalog` and `information_schema`, and parameters of functions there that return rows. */
export const SYSTEM_COLUMNS = names(`
  abbrev access acl action_condition action_order action_orientation action_reference_new_row
  action_reference_new_table action_reference_old_row action_reference_old_table action_statement action_timing active
  active_pid active_time adbin address address_args address_names admin_option adnum adrelid aggcombinefn
  aggdeserialfn aggfinalextra aggfinalfn aggfinalmodify aggfnoid agginitval aggkind aggmfinalextra aggmfinalfn
  aggmfinalmodify aggminitval aggminvtransfn aggmtransfn aggmtransspace aggmtranstype aggnumdirectargs aggserialfn
  aggsortop aggtransfn aggtransspace aggtranstype alias allocated_size amhandler amname amopfamily amoplefttype
  amopmethod amopopr amoppurpose amoprighttype amopsortfamily amopstrategy amproc amprocfamily amproclefttype
  amprocnum amprocrighttype amtype analyze_count application_name applied apply_error_count archived_count as_locator
  attacl attalign attbyval attcollation attcompression attfdwoptions attgenerated atthasdef atthasmissing attidentity
  attinhcount attisdropped attislocal attlen attmissingval attname attnames attndims attnotnull attnum attoptions
  attrelid attribute_default attribute_name attribute_udt_catalog attribute_udt_name attribute_udt_schema attrs
  attstattarget attstorage atttypid atttypmod auth_method authorization_identifier autoanalyze_count autovacuum_count
  avg_width backend_pid backend_start backend_type backend_xid backend_xmin backup_end_lsn backup_start_lsn
  backup_streamed backup_total baredesc barelabel base_frequency bid bits blk_read_time blk_write_time blks_exists
  blks_hit blks_read blks_written blks_zeroed block_distance blocks_done blocks_per_segment blocks_total boot_val
  buffers_alloc buffers_clean buffers_written bytes_per_wal_segment bytes_processed bytes_total cache_size calls
  castcontext castfunc castmethod castsource casttarget catalog_name catalog_version_no catalog_xmin catcode catdesc
  category cfgname cfgnamespace cfgowner cfgparser change character_maximum_length character_octet_length
  character_repertoire character_set_catalog character_set_name character_set_schema character_value check_clause
  check_option checkpoint_lsn checkpoint_time checksum_failures checksum_last_failure child_tables_done
  child_tables_total cipher classid classoid client_addr client_dn client_hostname client_port client_serial
  cluster_index_relid cmax cmd cmdtype cmin collation_catalog collation_name collation_schema collcollate collctype
  collection_type_identifier collencoding collicurules collisdeterministic colllocale collname collnamespace collowner
  collprovider collversion column_default column_name command command_tag comment comments commit_action conbin
  condefault condeferrable condeferred conenforced conexclop confdelsetcols confdeltype conffeqop config
  confirmed_flush_lsn confkey confl_active_logicalslot confl_bufferpin confl_deadlock confl_delete_missing
  confl_delete_origin_differs confl_insert_exists confl_lock confl_multiple_unique_conflicts confl_snapshot
  confl_tablespace confl_update_exists confl_update_missing confl_update_origin_differs conflicting conflicts
  confmatchtype conforencoding confrelid confupdtype conindid coninhcount conislocal conkey conname connamespace
  conninfo connoinherit conowner conparentid conperiod conpfeqop conppeqop conproc conrelid constraint_catalog
  constraint_name constraint_schema constraint_type context contoencoding contype contypid convalidated correlation
  created creation creation_time credentials_delegated ctid current_child_table_relid current_locker_pid custom_plans
  cycle cycle_option data data_page_checksum_version data_type database database_block_size datacl datallowconn
  datcollate datcollversion datconnlimit datctype datdba datetime_precision datfrozenxid dathasloginevt daticurules
  datid datistemplate datlocale datlocprovider datminmxid datname datoid dattablespace dbid dead_tuple_bytes deadlocks
  defaclacl defaclnamespace defaclobjtype defaclrole default_char_signedness default_character_set_catalog
  default_character_set_name default_character_set_schema default_collate_catalog default_collate_name
  default_collate_schema default_version definition delay_time delete_rule dependencies dependent_column deptype
  description detail dictinitoption dictionaries dictionary dictname dictnamespace dictowner dicttemplate document
  domain_catalog domain_default domain_name domain_schema dst_slot_name dtd_identifier elem_count_histogram encoding
  encrypted end_lsn end_of_backup_record_required enforced enumlabel enumsortorder enumtypid enumvals error ev_action
  ev_class ev_enabled ev_qual ev_type event_manipulation event_object_catalog event_object_column event_object_schema
  event_object_table evictions evtenabled evtevent evtfoid evtname evtowner evttags expr exprs ext_stats_computed
  ext_stats_total extcondition extconfig extend_bytes extend_time extends external_id external_language external_name
  extname extnamespace extowner extra_desc extrelocatable extversion f_buffered f_localmem f_sync failed_count
  failover fastpath fdwacl fdwhandler fdwname fdwoptions fdwowner fdwvalidator feature_id feature_name file_name
  file_offset filename fkcols fktable float8_pass_by_value flush_lag flush_lsn flushed_lsn flushes
  foreign_data_wrapper_catalog foreign_data_wrapper_language foreign_data_wrapper_name foreign_server_catalog
  foreign_server_name foreign_server_type foreign_server_version foreign_table_catalog foreign_table_name
  foreign_table_schema form_of_use free_bytes free_chunks frequency from_json from_sql fsync_time fsyncs ftoptions
  ftrelid ftserver full_page_writes funcid funcname generation_expression generic_plans gid granted grantee grantor
  grolist groname grosysid group_name gss_auth gss_authenticated gss_delegation gss_enc gss_princ handle_data_len
  hasindexes hasrules hastriggers heap_blks_hit heap_blks_read heap_blks_scanned heap_blks_total heap_blks_vacuumed
  heap_tuples_scanned heap_tuples_written hint histogram_bounds hit hits ident identity identity_cycle
  identity_generation identity_increment identity_maximum identity_minimum identity_start idle_in_transaction_time
  idx_blks_hit idx_blks_read idx_scan idx_tup_fetch idx_tup_read immediately_reserve implementation_info_id
  implementation_info_name in_extension inactive_since increment increment_by indcheckxmin indclass indcollation index
  index_rebuild_count index_relid index_vacuum_count indexdef indexes_processed indexes_total indexname indexprs
  indexrelid indexrelname indimmediate indisclustered indisexclusion indislive indisprimary indisready indisreplident
  indisunique indisvalid indkey indnatts indnkeyatts indnullsnotdistinct indoption indpred indrelid inhdetachpending
  inherit_option inherited inhparent inhrelid inhseqno initially_deferred initprivs installed installed_version
  integer_value interval_precision interval_type invalidation_reason io_depth io_generation io_id is_array is_binary
  is_called is_deferrable is_derived_reference_attribute is_deterministic is_dst is_final is_generated is_grantable
  is_holdable is_identity is_implicitly_invocable is_insertable_into is_instantiable is_instead is_limit_block
  is_null_call is_nullable is_opt is_result is_scrollable is_self_referencing is_supported is_temporary
  is_trigger_deletable is_trigger_insertable_into is_trigger_updatable is_typed is_udt_dependent is_updatable
  is_user_defined_cast is_verified_by isdir isleaf ispopulated issuer_dn key kinds label labelfile lanacl laninline
  lanispl lanname lanowner lanplcallfoid lanpltrusted lanvalidator large_object_chunk_size last_altered last_analyze
  last_archived_time last_archived_wal last_autoanalyze last_autovacuum last_failed_time last_failed_wal last_idx_scan
  last_msg_receipt_time last_msg_send_time last_seq_scan last_vacuum last_value latest_end_lsn latest_end_time
  leader_pid length level lexeme lexemes library_name line_number local_id local_lsn lockers_done lockers_total
  locktype loid lomacl lomowner lsn map_name map_number mapcfg mapdict mapseqno maptokentype match_option matviewname
  matviewowner max_data_alignment max_dead_tuple_bytes max_dynamic_result_sets max_identifier_length max_index_columns
  max_toast_chunk_size max_val max_value maximum_cardinality maximum_value maxwritten_clean mcv_list member message
  min_recovery_end_lsn min_recovery_end_timeline min_val min_value minimum_value missing_ok mode modification
  module_catalog module_name module_schema most_common_base_freqs most_common_elem_freqs most_common_elems
  most_common_freqs most_common_val_nulls most_common_vals multixid n n_dead_tup n_distinct n_ins_since_vacuum
  n_live_tup n_mod_since_analyze n_tup_del n_tup_hot_upd n_tup_ins n_tup_newpage_upd n_tup_upd name ndoc nentry
  netmask new_savepoint_level newest_commit_ts_xid next_multi_offset next_multixact_id next_oid next_xid normal nspacl
  nspname nspowner null_frac nulls nulls_distinct num_dead_item_ids num_done num_requested num_timed numa_node
  numbackends numeric_precision numeric_precision_radix numeric_scale object object_args object_catalog
  object_identity object_name object_names object_schema object_type objid objname objnamespace objoid objsubid
  objtype off oid oldest_active_xid oldest_commit_ts_xid oldest_multi_dbid oldest_multi_xid oldest_xid oldest_xid_dbid
  opcdefault opcfamily opcintype opckeytype opcmethod opcname opcnamespace opcowner operation opfmethod opfname
  opfnamespace opfowner oprcanhash oprcanmerge oprcode oprcom oprjoin oprkind oprleft oprname oprnamespace oprnegate
  oprowner oprrest oprresult oprright option_name option_value options options_array ordering_category ordering_form
  ordering_routine_catalog ordering_routine_name ordering_routine_schema ordinal_position original owner ownerid
  pad_attribute page pageno paracl parallel_workers_launched parallel_workers_to_launch param1 param10 param11 param12
  param13 param14 param15 param16 param17 param18 param19 param2 param20 param3 param4 param5 param6 param7 param8
  param9 parameter_default parameter_mode parameter_name parameter_style parameter_types parentrelid parname
  parser_name parser_oid partattrs partclass partcollation partdefid partexprs partitionid partitions_done
  partitions_total partnatts partrelid partstrat passwd path pending_lsn pending_restart permissive
  pg_control_last_modified pg_control_version pg_username phase pid pkcols pktable plugin pnnspid pnpubid polcmd
  policyname polname polpermissive polqual polrelid polroles polwithcheck position_in_unique_constraint positions
  prattrs prefetch prepare_time prepared prev_timeline_id principal privilege_type privtype proacl proallargtypes
  proargdefaults proargmodes proargnames proargtypes probin proconfig procost proisstrict prokind prolang proleakproof
  proname pronamespace pronargdefaults pronargs proowner proparallel proretset prorettype prorows prosecdef prosqlbody
  prosrc prosupport protrftypes provariadic provider provolatile prpubid prqual prrelid prsend prsheadline prslextype
  prsname prsnamespace prsstart prstoken puballtables pubdelete pubgencols pubid pubinsert pubname pubowner
  pubtruncate pubupdate pubviaroot qual query query_id query_start range_bounds_histogram range_empty_frac
  range_length_histogram raw_result read_bytes read_time reads receive_start_lsn receive_start_tli received_lsn
  received_tli redo_lsn redo_wal_file ref_dtd_identifier refclassid reference_generation reference_type refobjid
  refobjsubid relacl relallfrozen relallvisible relam relation relblocknumber relchecks reldatabase relfilenode
  relforcerowsecurity relforknumber relfrozenxid relhasindex relhasrules relhassubclass relhastriggers relid
  relispartition relispopulated relisshared relkind relminmxid relname relnamespace relnatts relocatable reloftype
  reloptions relowner relpages relpartbound relpersistence relreplident relrewrite relrowsecurity reltablespace
  reltoastrelid reltuples reltype remote_lsn replay_lag replay_lsn reply_time requires reset_val restart_lsn
  restartpoints_done restartpoints_req restartpoints_timed result result_cast_as_locator result_cast_char_max_length
  result_cast_char_octet_length result_cast_char_set_catalog result_cast_char_set_name result_cast_char_set_schema
  result_cast_collation_catalog result_cast_collation_name result_cast_collation_schema result_cast_datetime_precision
  result_cast_dtd_identifier result_cast_from_data_type result_cast_interval_precision result_cast_interval_type
  result_cast_maximum_cardinality result_cast_numeric_precision result_cast_numeric_precision_radix
  result_cast_numeric_scale result_cast_scope_catalog result_cast_scope_name result_cast_scope_schema
  result_cast_type_udt_catalog result_cast_type_udt_name result_cast_type_udt_schema result_types reuses rm_builtin
  rm_id rm_name rngcanonical rngcollation rngmultitypid rngsubdiff rngsubopc rngsubtype rngtypid roident rolbypassrls
  rolcanlogin rolconfig rolconnlimit rolcreatedb rolcreaterole role_name roleid roles rolinherit rolname rolpassword
  rolreplication rolsuper rolvaliduntil roname rootrelid routine_body routine_catalog routine_definition routine_name
  routine_schema routine_type rowfilter rowsecurity rule_number rulename safe_wal_size sample_blks_scanned
  sample_blks_total schema schema_level_routine schema_name schema_owner schemaname scope_catalog scope_name
  scope_schema security_type segment_number self_referencing_column_name self_time sender_host sender_port sent_lsn
  seq_scan seq_tup_read seqcache seqcycle seqincrement seqmax seqmin seqno seqrelid seqstart seqtypid sequence_catalog
  sequence_name sequence_oid sequence_schema sequencename sequenceowner session_time sessions sessions_abandoned
  sessions_fatal sessions_killed set_option setconfig setdatabase setrole setting short_desc size sizing_id
  sizing_name skip_fpw skip_init skip_new skip_rep slot_name slot_type slru_written source source_dtd_identifier
  sourcefile sourceline spcacl spcmapfile spcname spcoptions spcowner specific_catalog specific_name specific_schema
  spill_bytes spill_count spill_txns sql_data_access sql_error_code sql_path src_slot_name srrelid srsubid srsublsn
  srsubstate srvacl srvfdw srvid srvname srvoptions srvowner srvtype srvversion ssl ssl_client_dn ssl_client_serial
  ssl_issuer_dn sslbits sslcipher sslversion staattnum stacoll1 stacoll2 stacoll3 stacoll4 stacoll5 stadistinct
  stainherit stakind1 stakind2 stakind3 stakind4 stakind5 stanullfrac stanumbers1 stanumbers2 stanumbers3 stanumbers4
  stanumbers5 staop1 staop2 staop3 staop4 staop5 starelid start_lsn start_value state state_change statement
  statistics_name statistics_owner statistics_schemaname stats_reset status stavalues1 stavalues2 stavalues3
  stavalues4 stavalues5 stawidth stream_bytes stream_count stream_txns stxddependencies stxdexpr stxdinherit stxdmcv
  stxdndistinct stxexprs stxkeys stxkind stxname stxnamespace stxoid stxowner stxrelid stxstattarget sub_feature_id
  sub_feature_name subbinary subconninfo subdbid subdisableonerr subenabled subfailover subid subname suborigin
  subowner subpasswordrequired subpublications subrunasowner subskiplsn subslotname substream subsynccommit
  subtwophasestate subxact_count subxact_overflowed summarized_lsn summarized_tli summarizer_pid superuser
  supported_value sync_error_count sync_priority sync_state sync_time synced sys_name system_identifier table_catalog
  table_name table_schema table_type tablename tableoid tableowner tablespace tablespaces_streamed tablespaces_total
  target target_desc temp_bytes temp_files temporary tgargs tgattr tgconstraint tgconstrindid tgconstrrelid
  tgdeferrable tgenabled tgfoid tginitdeferred tgisinternal tgname tgnargs tgnewtable tgoldtable tgparentid tgqual
  tgrelid tgtype tidx_blks_hit tidx_blks_read timeline_id timestamp tli tmplinit tmpllexize tmplname tmplnamespace
  to_sql_specific_catalog to_sql_specific_name to_sql_specific_schema toast_blks_hit toast_blks_read token tokid
  total_analyze_time total_autoanalyze_time total_autovacuum_time total_bytes total_nblocks total_time total_txns
  total_vacuum_time transaction transactionid transform_type trffromsql trflang trftosql trftype trigger_catalog
  trigger_name trigger_schema truncates trusted tsvector tup_deleted tup_fetched tup_inserted tup_returned tup_updated
  tuple tuples_done tuples_excluded tuples_processed tuples_skipped tuples_total two_phase two_phase_at twophase txt
  typacl typalign typanalyze typarray typbasetype typbyval typcategory typcollation typdefault typdefaultbin typdelim
  type type_name type_udt_catalog type_udt_name type_udt_schema typelem typinput typisdefined typispreferred typlen
  typmodin typmodout typname typnamespace typndims typnotnull typoutput typowner typreceive typrelid typsend
  typstorage typsubscript typtype typtypmod udt_catalog udt_name udt_schema umid umoptions umserver umuser
  unique_constraint_catalog unique_constraint_name unique_constraint_schema unit update_rule upto_lsn upto_nchanges
  usebypassrls useconfig usecreatedb used_bytes usename user_defined_type_catalog user_defined_type_category
  user_defined_type_name user_defined_type_schema user_name userepl usesuper usesysid utc_offset vacuum_count value
  values valuntil vartype version view_catalog view_definition view_name view_schema viewname viewowner
  virtualtransaction virtualxid wait_event wait_event_type wait_for_archive waitstart wal_block_size wal_buffers_full
  wal_bytes wal_distance wal_fpi wal_records wal_status weights with_check with_hierarchy word worker_type write_bytes
  write_lag write_lsn write_time writeback_time writebacks writes written_lsn x xact_commit xact_rollback xact_start
  xid xmax xmin
`)

/** Types of `pg_catalog`, without arrays and row types. */
export const SYSTEM_TYPES = names(`
  aclitem any anyarray anycompatible anycompatiblearray anycompatiblemultirange anycompatiblenonarray
  anycompatiblerange anyelement anyenum anymultirange anynonarray anyrange bit bool box bpchar bytea char cid cidr
  circle cstring date datemultirange daterange event_trigger fdw_handler float4 float8 gtsvector index_am_handler inet
  int2 int4 int4multirange int4range int8 int8multirange int8range internal interval json jsonb jsonpath
  language_handler line lseg macaddr macaddr8 money name numeric nummultirange numrange oid path pg_brin_bloom_summary
  pg_brin_minmax_multi_summary pg_ddl_command pg_dependencies pg_lsn pg_mcv_list pg_ndistinct pg_node_tree pg_snapshot
  point polygon record refcursor regclass regcollation regconfig regdictionary regnamespace regoper regoperator
  regproc regprocedure regrole regtype table_am_handler text tid time timestamp timestamptz timetz trigger tsm_handler
  tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit varchar void xid
  xid8 xml
`)

/** Operators of `pg_catalog`. */
export const SYSTEM_OPERATORS = names(String.raw`
  !! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@
  <^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~
  ~~*
`)
