import type { Node } from 'libpg-query'
import type { MaskViolation } from '../governance/operation.ts'
import type { Analysis } from './analysis.ts'
import type { Catalog } from './catalog.ts'
import type { Findings } from './findings.ts'
import { findMaskUse } from './lineage/mask-use.ts'
import type { ProtectedColumns } from './lineage/protected-columns.ts'
import { parseSql } from './parser.ts'
import { TreeWalk } from './tree-walk.ts'
import type { WalkContext } from './walk.ts'

export interface Reading {
  readonly analysis: Analysis
  /** Another integer constant in the text could make another analysis. */
  readonly integersMatter: boolean
}

interface MaskUses {
  readonly mentions: boolean
  readonly mayReturn: boolean
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
    const changesProtected = !findings.readOnly &&
      [...findings.objects].some((object) => protectedColumns.isProtectedName(object.slice(object.lastIndexOf('.') + 1)))
    return {
      mentions: unseen || changesProtected || uses.some((use) => use.mentions),
      mayReturn: unseen || uses.some((use) => use.mayReturn),
      violation: uses.find((use) => use.violation !== undefined)?.violation,
    }
  }
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
    mayQuoteMasked: masks?.mentions ?? false,
  }
}

function sorted(names: ReadonlySet<string>): readonly string[] {
  return names.size < 2 ? [...names] : [...names].sort()
}
