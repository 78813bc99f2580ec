/** Statements about the session: settings, transactions, names, cursors, copying, and what runs other statements. */
import { ANY_RELATION, type NameEffect } from './analysis.ts'
import { constantOf, integerText, isFields, listOf, nodeOf, textOf } from './node-types.ts'
import type { Fields } from './node-types.ts'
import { changesReading, isHarmlessSetting } from './settings.ts'
import type { CteScope, Handler, Walk } from './walk.ts'

export const SESSION_HANDLERS: readonly (readonly [string, Handler])[] = [
  ['VariableSetStmt', variableSet],
  ['VariableShowStmt', (walk) => { walk.findings.actions.add('show') }],
  ['TransactionStmt', transaction],
  ['ExplainStmt', explain],
  ['CreateTableAsStmt', plainCreate],
  ['CopyStmt', copy],
  ['PrepareStmt', prepare],
  ['ExecuteStmt', execute],
  ['DeallocateStmt', deallocate],
  ['DeclareCursorStmt', declare],
  ['FetchStmt', fetchRows],
  ['ClosePortalStmt', closePortal],
  ['DiscardStmt', discard],
  ['ListenStmt', (walk) => { walk.findings.actions.add('listen'); walk.findings.listens = true }],
  ['UnlistenStmt', (walk) => { walk.findings.actions.add('listen') }],
  ['DoStmt', runsCode('do')],
  ['CallStmt', runsCode('call')],
  ['VacuumStmt', vacuum],
  ['GrantStmt', grant],
  ['GrantRoleStmt', grant],
]

function variableSet(walk: Walk, fields: Fields): void {
  const { findings } = walk
  const kind = fields['kind']
  const name = textOf(fields['name']) ?? ''
  const args = listOf(fields['args'])
  findings.actions.add(kind === 'VAR_RESET' || kind === 'VAR_RESET_ALL' ? 'reset' : 'set')
  if (kind === 'VAR_RESET_ALL') {
    // Back to what the gateway itself asked for at startup.
    findings.changesReading = true
  } else if (kind === 'VAR_SET_MULTI' && (name === 'TRANSACTION' || name === 'SESSION CHARACTERISTICS')) {
    transactionModes(walk, args)
  } else {
    const value = kind === 'VAR_SET_VALUE' && args.length === 1 ? constantOf(args[0]) : undefined
    if (kind === 'VAR_SET_MULTI' || kind === 'VAR_SET_CURRENT' || !isHarmlessSetting(name, value)) findings.harmful = true
    if (changesReading(name)) findings.changesReading = true
  }
}

/** Isolation, deferrability, READ ONLY: anything but READ WRITE. */
function transactionModes(walk: Walk, modes: readonly unknown[]): void {
  for (const mode of modes) {
    const option = nodeOf(mode, 'DefElem') ?? {}
    if (!isHarmlessSetting(textOf(option['defname']) ?? '', constantOf(option['arg']))) walk.findings.harmful = true
  }
}

function transaction(walk: Walk, fields: Fields): void {
  const { findings } = walk
  findings.actions.add('transaction')
  transactionModes(walk, listOf(fields['options']))
  switch (fields['kind']) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
    case 'TRANS_STMT_SAVEPOINT':
    case 'TRANS_STMT_RELEASE':
      return
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
    case 'TRANS_STMT_ROLLBACK_TO':
      // SET is undone by these, SET LOCAL by all of them.
      findings.changesReading = true
      return
    default:
      // Two-phase commit outlives the session, and brings definitions of whatever transaction it ends.
      findings.redefined.add(ANY_RELATION)
      findings.changesReading = true
      findings.changes = true
  }
}

function explain(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  walk.findings.actions.add('explain')
  const look = () => walk.visit(fields['query'], scope)
  if (listOf(fields['options']).every(isHarmlessExplainOption)) walk.findings.inert(look)
  else look()
}

const EXPLAIN_OPTIONS = new Set(
  ['verbose', 'costs', 'settings', 'generic_plan', 'buffers', 'wal', 'timing', 'summary', 'memory', 'serialize', 'format'])
const FALSE_WORDS = new Set(['off', 'false', '0'])

/** ANALYZE runs the statement; so may an option that is not known here. */
function isHarmlessExplainOption(item: unknown): boolean {
  const option = nodeOf(item, 'DefElem') ?? {}
  const name = (textOf(option['defname']) ?? '').toLowerCase()
  if (EXPLAIN_OPTIONS.has(name)) return true
  return name === 'analyze' && FALSE_WORDS.has(optionText(option['arg'])?.toLowerCase() ?? '')
}

/** A DefElem's value: `off`, `'off'` and `0` come as different nodes. */
function optionText(arg: unknown): string | undefined {
  const text = nodeOf(arg, 'String')
  if (text !== undefined) return textOf(text['sval'])
  const integer = nodeOf(arg, 'Integer')
  if (integer !== undefined) return integerText(integer)
  const boolean = nodeOf(arg, 'Boolean')
  return boolean === undefined ? constantOf(arg) : String(boolean['boolval'] === true)
}

function plainCreate(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.change('create')
  walk.visitFields(type, fields, scope)
}

/** `copy`, with where the rows come from or go to: `copy-in` and `copy-out` the client, else a file or program there. */
function copy(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  const { findings } = walk
  const from = fields['is_from'] === true
  const elsewhere = fields['is_program'] === true ? 'copy-program' : fields['filename'] !== undefined ? 'copy-file' : undefined
  findings.actions.add('copy')
  findings.actions.add(elsewhere ?? (from ? 'copy-in' : 'copy-out'))
  if (from) findings.change('insert')
  else if (fields['query'] === undefined) findings.actions.add('select')
  if (elsewhere !== undefined) findings.changes = true
  if (from && elsewhere === undefined) findings.copyIn = true
  const { relation, ...rest } = fields
  if (isFields(relation)) {
    if (from) walk.target(relation)
    else walk.read(relation)
  }
  walk.visitFields(type, rest, scope)
}

/** Kept under a name: what it does counts now, and is decided again whenever it is used. */
function keep(walk: Walk, kind: 'prepare' | 'declare', name: unknown, fields: Fields, scope: CteScope | undefined): void {
  const { findings } = walk
  findings.actions.add(kind)
  walk.visitFields('', fields, scope)
  const statement = fields['query']
  if (!isFields(statement)) return
  const effect: NameEffect = { kind, name: textOf(name) ?? '', analysis: walk.context.analyseInner(statement) }
  findings.effects.push(effect)
}

function prepare(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  keep(walk, 'prepare', fields['name'], fields, scope)
}

function declare(walk: Walk, fields: Fields, scope: CteScope | undefined): void {
  keep(walk, 'declare', fields['portalname'], fields, scope)
}

function execute(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.actions.add('execute')
  walk.findings.usesNames = true
  walk.findings.effects.push({ kind: 'execute', name: textOf(fields['name']) ?? '' })
  walk.visitFields(type, fields, scope)
}

function deallocate(walk: Walk, fields: Fields): void {
  const name = textOf(fields['name'])
  walk.findings.actions.add('deallocate')
  walk.findings.effects.push(name === undefined ? { kind: 'deallocate' } : { kind: 'deallocate', name })
}

function fetchRows(walk: Walk, fields: Fields): void {
  walk.findings.actions.add(fields['ismove'] === true ? 'move' : 'fetch')
  walk.findings.usesNames = true
  walk.findings.effects.push({ kind: 'fetch', name: textOf(fields['portalname']) ?? '' })
}

function closePortal(walk: Walk, fields: Fields): void {
  const name = textOf(fields['portalname'])
  walk.findings.actions.add('close')
  walk.findings.effects.push(name === undefined ? { kind: 'close' } : { kind: 'close', name })
}

function discard(walk: Walk, fields: Fields): void {
  const { findings } = walk
  findings.actions.add('discard')
  // Temporary tables are the session's data; DISCARD ALL is what poolers and drivers send between users.
  if (fields['target'] === 'DISCARD_TEMP') findings.changes = true
  if (fields['target'] !== 'DISCARD_ALL') return
  findings.changesReading = true
  findings.effects.push({ kind: 'deallocate' }, { kind: 'close' })
}

function runsCode(action: string): Handler {
  return (walk, fields, scope, type) => {
    walk.findings.change(action)
    walk.findings.unknown = true
    walk.visitFields(type, fields, scope)
  }
}

function vacuum(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.change(fields['is_vacuumcmd'] === true ? 'vacuum' : 'analyze')
  walk.visitFields(type, fields, scope)
}

function grant(walk: Walk, fields: Fields, scope: CteScope | undefined, type: string): void {
  walk.findings.change(fields['is_grant'] === true ? 'grant' : 'revoke')
  walk.visitFields(type, fields, scope)
}
