import type { Node, RangeVar } from 'libpg-query'
import { isFields, stringsOf } from './tree.ts'

/** Every name in a statement that could lead to protected values, found without resolving anything. */
export interface StatementNames {
  readonly relations: RangeVar[]
  /** Those of them that are changed. */
  readonly targets: RangeVar[]
  /** Functions called, and triggers' functions, as written. */
  readonly functions: string[][]
  readonly operators: string[]
  /** Names after a dot or in `(row).name`: a function can be called so. */
  readonly fields: string[]
  /** Names of WITH queries, wherever they are. */
  readonly ctes: Set<string>
}

/** @throws RangeError when the tree is too deep */
export function namesInStatement(statement: unknown): StatementNames {
  const names: StatementNames = { relations: [], targets: [], functions: [], operators: [], fields: [], ctes: new Set() }
  collect(statement, names)
  return names
}

function collect(value: unknown, names: StatementNames): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, names)
    return
  }
  if (!isFields(value)) return
  if (typeof value['relname'] === 'string') names.relations.push(value)
  for (const key in value) {
    const child = value[key]
    if (typeof child !== 'object' || child === null) {
      if (key === 'ctename' && typeof child === 'string') names.ctes.add(child)
      continue
    }
    if (Array.isArray(child)) collectList(key, child as Node[], names)
    else if (key === 'relation' && isFields(child) && typeof child['relname'] === 'string') names.targets.push(child)
    collect(child, names)
  }
}

function collectList(key: string, list: readonly Node[], names: StatementNames): void {
  switch (key) {
    case 'funcname':
      names.functions.push(stringsOf(list))
      break
    case 'name':
    case 'operName':
    case 'useOp':
      names.operators.push(...stringsOf(list).slice(-1))
      break
    case 'fields':
      if (list.length > 1) names.fields.push(...stringsOf(list).slice(-1))
      break
    case 'indirection':
      names.fields.push(...stringsOf(list))
      break
  }
}
