/** The verb of each statement that changes something and needs no look of its own. What is not here is unknown. */

const verbs = (verb: string, kinds: string): [string, string][] => kinds.trim().split(/\s+/).map((kind) => [kind, verb])

export const CHANGING_STATEMENTS: ReadonlyMap<string, string> = new Map([
  ...verbs('create', `
    CompositeTypeStmt CreateAmStmt CreateCastStmt CreateConversionStmt CreateDomainStmt CreateEnumStmt
    CreateEventTrigStmt CreateExtensionStmt CreateFdwStmt CreateForeignServerStmt CreateForeignTableStmt
    CreateFunctionStmt CreateOpClassStmt CreateOpFamilyStmt CreatePLangStmt CreatePolicyStmt CreatePublicationStmt
    CreateRangeStmt CreateRoleStmt CreateSchemaStmt CreateSeqStmt CreateStatsStmt CreateStmt CreateSubscriptionStmt
    CreateTableSpaceStmt CreateTransformStmt CreateTrigStmt CreateUserMappingStmt CreatedbStmt DefineStmt
    ImportForeignSchemaStmt IndexStmt RuleStmt ViewStmt`),
  ...verbs('alter', `
    AlterCollationStmt AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterDefaultPrivilegesStmt
    AlterDomainStmt AlterEnumStmt AlterEventTrigStmt AlterExtensionContentsStmt AlterExtensionStmt AlterFdwStmt
    AlterForeignServerStmt AlterFunctionStmt AlterObjectDependsStmt AlterObjectSchemaStmt AlterOpFamilyStmt
    AlterOperatorStmt AlterOwnerStmt AlterPolicyStmt AlterPublicationStmt AlterRoleSetStmt AlterRoleStmt AlterSeqStmt
    AlterStatsStmt AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt
    AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTableStmt AlterTypeStmt AlterUserMappingStmt
    ReassignOwnedStmt RenameStmt`),
  ...verbs('drop', `
    DropOwnedStmt DropRoleStmt DropStmt DropSubscriptionStmt DropTableSpaceStmt DropUserMappingStmt DropdbStmt`),
  ...verbs('truncate', 'TruncateStmt'),
  ...verbs('comment', 'CommentStmt'),
  ...verbs('security-label', 'SecLabelStmt'),
  ...verbs('notify', 'NotifyStmt'),
  ...verbs('load', 'LoadStmt'),
  ...verbs('cluster', 'ClusterStmt'),
  ...verbs('refresh', 'RefreshMatViewStmt'),
  ...verbs('reindex', 'ReindexStmt'),
  ...verbs('checkpoint', 'CheckPointStmt'),
  ...verbs('lock', 'LockStmt'),
  ...verbs('set', 'ConstraintsSetStmt'),
])

/** Fields that name the object of such a statement by a plain text or a list of names. */
export const NAMING_FIELDS: Readonly<Record<string, string>> = {
  AlterDatabaseRefreshCollStmt: 'dbname', AlterDatabaseSetStmt: 'dbname', AlterDatabaseStmt: 'dbname',
  AlterDomainStmt: 'typeName', AlterEnumStmt: 'typeName', AlterEventTrigStmt: 'trigname',
  AlterExtensionContentsStmt: 'extname', AlterExtensionStmt: 'extname', AlterPublicationStmt: 'pubname',
  AlterSubscriptionStmt: 'subname', AlterTableSpaceOptionsStmt: 'tablespacename', AlterTypeStmt: 'typeName',
  CreateDomainStmt: 'domainname', CreateEnumStmt: 'typeName', CreateEventTrigStmt: 'trigname',
  CreateExtensionStmt: 'extname', CreateFunctionStmt: 'funcname', CreatePublicationStmt: 'pubname',
  CreateRangeStmt: 'typeName', CreateRoleStmt: 'role', CreateSchemaStmt: 'schemaname',
  CreateSubscriptionStmt: 'subname', CreateTableSpaceStmt: 'tablespacename', CreatedbStmt: 'dbname',
  DefineStmt: 'defnames', DropSubscriptionStmt: 'subname', DropTableSpaceStmt: 'tablespacename', DropdbStmt: 'dbname',
  LoadStmt: 'filename',
}
