/** Which relations' names mean something else, or have other columns, once a statement of the definition language has run. */
import { ANY_RELATION, OWN_RELATION } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import { isFields, listOf, namesOf, nodeOf, textOf } from './node-types.ts'
import type { Fields } from './node-types.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** These leave every relation's name and columns what they are; what is in them counts by itself. */
const NONE = words(`
  AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterDefaultPrivilegesStmt AlterEnumStmt AlterOwnerStmt
  AlterPolicyStmt AlterPublicationStmt AlterRoleSetStmt AlterRoleStmt AlterSeqStmt AlterStatsStmt AlterSystemStmt CheckPointStmt
  ClusterStmt CommentStmt CompositeTypeStmt ConstraintsSetStmt CreateDomainStmt CreateEnumStmt CreatePolicyStmt
  CreatePublicationStmt CreateRangeStmt CreateRoleStmt CreateSchemaStmt CreateStatsStmt CreateTrigStmt CreatedbStmt IndexStmt
  LoadStmt LockStmt NotifyStmt RefreshMatViewStmt ReindexStmt SecLabelStmt TruncateStmt
`)

/** These make a relation, by the field that names it; it may hide another of that name. */
const MAKES: Readonly<Record<string, string>> = { CreateStmt: 'relation', CreateSeqStmt: 'sequence', IntoClause: 'rel', ViewStmt: 'view' }

/** Parts of ALTER TABLE that touch no column's name or place. */
const PLAIN_COMMANDS = words(`
  AT_AddConstraint AT_AddIndex AT_AddIndexConstraint AT_AlterConstraint AT_ChangeOwner AT_ClusterOn AT_ColumnDefault
  AT_DisableRowSecurity AT_DisableRule AT_DisableTrig AT_DropConstraint AT_DropCluster AT_DropNotNull AT_EnableRowSecurity
  AT_EnableTrig AT_ForceRowSecurity AT_NoForceRowSecurity AT_ReplicaIdentity AT_ResetRelOptions AT_SetCompression AT_SetNotNull
  AT_SetOptions AT_SetRelOptions AT_SetStatistics AT_SetStorage AT_ValidateConstraint
`)

/** For relations with columns of users' types: CASCADE drops those that are rows of what is dropped. */
const WITH_USERS_TYPES = '*users-types'
/** FirstNormalObjectId */
const FIRST_USER_OID = 16384

/** What RENAME gives a new name that no relation or column has. */
const APART = words(`
  OBJECT_AGGREGATE OBJECT_COLLATION OBJECT_CONVERSION OBJECT_DATABASE OBJECT_DOMAIN OBJECT_DOMCONSTRAINT OBJECT_EVENT_TRIGGER
  OBJECT_FDW OBJECT_FOREIGN_SERVER OBJECT_FUNCTION OBJECT_LANGUAGE OBJECT_OPCLASS OBJECT_OPERATOR OBJECT_OPFAMILY OBJECT_POLICY
  OBJECT_PROCEDURE OBJECT_PUBLICATION OBJECT_ROLE OBJECT_ROUTINE OBJECT_RULE OBJECT_STATISTIC_EXT OBJECT_SUBSCRIPTION
  OBJECT_TABCONSTRAINT OBJECT_TABLESPACE OBJECT_TRIGGER OBJECT_TSCONFIGURATION OBJECT_TSDICTIONARY OBJECT_TSPARSER
  OBJECT_TSTEMPLATE
`)
const TABLES = words('OBJECT_TABLE OBJECT_VIEW OBJECT_MATVIEW OBJECT_FOREIGN_TABLE OBJECT_INDEX OBJECT_SEQUENCE')

/**
 * Names of relations, or {@link ANY_RELATION}. Those that inherit from them are redefined with them.
 * @param type a statement that changes something, or an IntoClause
 */
export function redefinedBy(type: string, fields: Fields): readonly string[] {
  if (NONE.has(type)) return []
  const made = MAKES[type]
  if (made !== undefined) return [nameIn(fields[made])]
  if (type === 'AlterTableStmt') return altered(fields)
  const kind = textOf(fields['renameType']) ?? textOf(fields['objectType']) ?? textOf(fields['removeType']) ?? ''
  if (type === 'RenameStmt' && TABLES.has(kind)) return [nameIn(fields['relation']), textOf(fields['newname']) ?? ANY_RELATION]
  if (type === 'RenameStmt' && kind === 'OBJECT_COLUMN') return [nameIn(fields['relation'])]
  if ((type === 'RenameStmt' || type === 'AlterObjectSchemaStmt') && APART.has(kind)) return []
  if (type === 'AlterObjectSchemaStmt' && TABLES.has(kind)) return [nameIn(fields['relation'])]
  if (type === 'DropStmt' && TABLES.has(kind)) {
    const names = listOf(fields['objects']).map((object) => namesOf(nodeOf(object, 'List')?.['items']).at(-1) ?? ANY_RELATION)
    return fields['behavior'] === 'DROP_CASCADE' ? [...names, WITH_USERS_TYPES] : names
  }
  return [ANY_RELATION]
}

function altered(fields: Fields): readonly string[] {
  const commands = listOf(fields['cmds']).map((command) => nodeOf(command, 'AlterTableCmd') ?? {})
  if (commands.length > 0 && commands.every(({ subtype }) => PLAIN_COMMANDS.has(textOf(subtype) ?? ''))) return []
  // Of a type, tables may be made; CASCADE may drop columns of others.
  const reaches = fields['objtype'] === 'OBJECT_TYPE' || commands.some(({ behavior }) => behavior === 'DROP_CASCADE')
  return reaches ? [ANY_RELATION] : [nameIn(fields['relation'])]
}

function nameIn(range: unknown): string {
  const name = isFields(range) ? textOf(range['relname']) : undefined
  if (!isFields(range) || name === undefined) return ANY_RELATION
  return range['relpersistence'] === 't' || range['schemaname'] === 'pg_temp' ? OWN_RELATION + name : name
}

/** Adds the names of relations that are redefined with those: that inherit from them, by however many steps. */
export function addHeirs(names: Set<string>, catalog: Catalog): void {
  if (names.delete(WITH_USERS_TYPES)) {
    for (const { name, columns } of catalog.relations) if (columns.some(({ typeOid }) => typeOid >= FIRST_USER_OID)) names.add(name)
  }
  const heirs = new Map<number, string[]>()
  for (const { name, parents } of catalog.relations) {
    for (const parent of parents) {
      const known = heirs.get(parent)
      if (known === undefined) heirs.set(parent, [name])
      else known.push(name)
    }
  }
  // A set takes what is added while it is gone through.
  for (const name of names) for (const { oid } of catalog.relationsNamed(name)) for (const heir of heirs.get(oid) ?? []) names.add(heir)
}

/** @param objects relations as `OperationFacts.objects` names them */
export function namesRedefined(objects: readonly string[], redefined: ReadonlySet<string>): boolean {
  if (redefined.size === 0) return false
  if (redefined.has(ANY_RELATION)) return true
  return objects.some((object) => {
    const name = object.slice(object.lastIndexOf('.') + 1)
    return redefined.has(name) || redefined.has(OWN_RELATION + name)
  })
}
