import type { Node } from 'libpg-query'
import type { MaskViolation } from '../governance/operation.ts'
import type { Analysis } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import type { Findings } from './findings.ts'
import { findMaskUse } from './lineage/mask-use.ts'
import type { MaskUse } from './lineage/mask-use.ts'
import { reachesMaskedRows } from './lineage/reached-rows.ts'
import type { ProtectedColumns } from './lineage/protected-columns.ts'
import { parseSql } from './parser.ts'
import { namesRedefined } from './redefinitions.ts'
import { TreeWalk } from './tree-walk.ts'
import type { WalkContext } from './walk.ts'

export interface Reading {
  readonly analysis: Analysis
  /** Another integer constant in the text could make another analysis. */
  readonly integersMatter: boolean
}

interface MaskUses {
  readonly touches: boolean
  readonly mentions: boolean
  readonly mayReturn: boolean
  readonly reachesRows: boolean
  readonly violation: MaskViolation | undefined
}

/** Makes an analysis of parsed statements for one catalog and one set of masked columns. */
export class StatementReader {
  readonly #context: WalkContext
  readonly #protectedColumns: ProtectedColumns | undefined

  constructor(catalog: Catalog | undefined, protectedColumns: ProtectedColumns | undefined) {
    this.#protectedColumns = protectedColumns === undefined || protectedColumns.isEmpty ? undefined : protectedColumns
    this.#context = {
      catalog,
      harmlessViews: new Map(),
      analyseInner: (statement) => this.read([statement as unknown as Node]).analysis,
      isHarmlessQuery: (definition) => this.#walk(parseSql(definition)).readOnly,
    }
  }

  /** @throws RangeError when a tree is too deep */
  read(statements: readonly Node[]): Reading {
    const findings = this.#walk(statements)
    if (this.#protectedColumns !== undefined && findings.listens) findings.harmful = true
    return {
      analysis: analysisOf(findings, statements.length, this.#maskUses(statements, findings)),
      integersMatter: findings.integersMatter,
    }
  }

  #walk(statements: readonly Node[]): Findings {
    const walk = new TreeWalk(this.#context)
    walk.visit(statements, undefined)
    walk.finish()
    return walk.findings
  }

  #maskUses(statements: readonly Node[], findings: Findings): MaskUses | undefined {
    const protectedColumns = this.#protectedColumns
    if (protectedColumns === undefined) return undefined
    const { catalog } = this.#context
    const unseen = findings.unknown || findings.usesNames || catalog === undefined
    const uses = catalog === undefined ? [] : statements.map((one) => findMaskUse(one, catalog, protectedColumns))
    const early = redefinedEarlier(statements, uses, findings, (one) => this.#walk([one]), protectedColumns.unseen.name)
    const changesProtected = !findings.readOnly &&
      [...findings.objects].some((object) => protectedColumns.isProtectedName(object.slice(object.lastIndexOf('.') + 1)))
    return {
      touches: unseen || changesProtected || uses.some((use) => use.touches),
      mentions: unseen || changesProtected || uses.some((use) => use.mentions),
      mayReturn: unseen || uses.some((use) => use.mayReturn),
      reachesRows: unseen || reachesMaskedRows(findings, catalog, protectedColumns),
      violation: uses.find((use) => use.violation !== undefined)?.violation ?? early,
    }
  }
}

/**
 * What an earlier statement of the same message redefines, the catalog does not hold yet: a name that is read by it could
 * be another table by then, and a column of it one of a masked table around it.
 */
function redefinedEarlier(
  statements: readonly Node[], uses: readonly MaskUse[], all: Findings, walk: (one: Node) => Findings, mask: string,
): MaskViolation | undefined {
  if (statements.length < 2 || all.redefined.size === 0) return undefined
  const redefined = new Set<string>()
  for (const [index, statement] of statements.entries()) {
    const own = walk(statement)
    // What EXECUTE names is in a statement before it.
    const isRedefined = namesRedefined([...own.objects], redefined) || (own.usesNames && redefined.size > 0)
    if (uses[index]?.touches === true && isRedefined) return { mask, ...REDEFINED }
    for (const name of own.redefined) redefined.add(name)
  }
  return undefined
}

/** Why a statement cannot be followed whose transaction has changed what names mean. */
export const REDEFINED = {
  reason: 'a table in it was defined or changed in a transaction that is not over, so nobody can tell which values to mask',
  hint: 'Commit first; then use it beside masked columns in a statement after that.',
}

function analysisOf(findings: Findings, statements: number, masks: MaskUses | undefined): Analysis {
  const { readOnly, unknown, filtered } = findings
  if (unknown) findings.actions.add('unknown')
  return {
    facts: {
      actions: sorted(findings.actions),
      objects: sorted(findings.objects),
      functions: sorted(findings.functions),
      readOnly, filtered, unknown, statements,
      ...(findings.unknownBecause !== undefined && { unknownBecause: findings.unknownBecause }),
      ...(masks?.violation === undefined ? {} : { maskViolation: masks.violation }),
    },
    effects: findings.effects,
    mayCopyIn: findings.copyIn,
    mayChangeReading: findings.changesReading || unknown,
    mayReturnMasked: masks?.mayReturn ?? false,
    touchesMasked: masks?.touches ?? false,
    mayQuoteMasked: masks?.mentions ?? false,
    mayQuoteRows: masks !== undefined && (masks.mentions || masks.reachesRows),
    redefines: [...findings.redefined],
  }
}

function sorted(names: ReadonlySet<string>): readonly string[] {
  return names.size < 2 ? [...names] : [...names].sort()
}
