import { combineAnalyses, type StatementAnalyser, UNKNOWN } from '../../sql/statement-analyser.ts'
import type { Analysis, NameEffect } from '../../sql/analysis.ts'

const MAX_NAMES = 20_000
const MAX_VERSIONS = 16

/** A statement that the client prepared by a Parse message. */
export interface Prepared {
  readonly text: string
  analysis: Analysis
  /** Who analysed it: another one is in force once the catalog has changed. Undefined where the text was not readable. */
  analyser: StatementAnalyser | undefined
  /** False when it came by PREPARE: the target then confirms it in no message of its own. */
  readonly parsed: boolean
}

/** A statement bound to its parameters, ready to run. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  /** The Bind frame's bytes and where its parameters begin; read when the operation is made. */
  readonly bind: Buffer
  readonly parametersAt: number
  /** Value of {@link Names.epoch} when it was bound. */
  readonly epoch: number
  /** Set once the client, or the gateway itself, has asked the target to describe it. */
  described: boolean
  /** Masks by column, once the target has described it. */
  plan: RowPlan | undefined
}

/** Mask for each column of a row, undefined where the value passes. `undefined` as a whole: no column is masked. */
export type RowPlan = readonly (ColumnMask | undefined)[] | 'verbatim'

export interface ColumnMask {
  replace(value: Buffer): Uint8Array | null
}

/**
 * What the session's names stand for, as far as the messages sent so far tell. Prepared statements share one name space
 * between Parse and PREPARE; portals share one between Bind and DECLARE. What the target confirms is checked apart
 * (see in-flight.ts): a message that the target skipped must not leave this view believed.
 */
export class Names {
  readonly statements = new Map<string, Prepared>()
  readonly portals = new Map<string, Portal>()
  /** What PREPARE put under a name. Several where one may have failed: then the strictest counts. */
  readonly #sqlStatements = new Map<string, Analysis[]>()
  readonly #cursors = new Map<string, Analysis[]>()
  /** Counts everything that may give a name another meaning. */
  epoch = 0

  /** True when no more names are taken: memory is bounded. */
  get isFull(): boolean {
    return this.statements.size + this.portals.size + this.#sqlStatements.size + this.#cursors.size >= MAX_NAMES
  }

  /** The statement under a name, whether it came by Parse or PREPARE. */
  statement(name: string): Prepared | undefined {
    const parsed = this.statements.get(name)
    if (parsed !== undefined) return parsed
    const versions = this.#sqlStatements.get(name)
    return versions === undefined ? undefined : { text: `EXECUTE ${name}`, analysis: combineAnalyses(versions), analyser: undefined, parsed: false }
  }

  /** The analysis with all that it runs by name taken in. A name that nothing is known of makes it unknown. */
  resolve(analysis: Analysis): Analysis {
    if (!analysis.effects.some((effect) => effect.kind === 'execute' || effect.kind === 'fetch')) return analysis
    const all = [analysis]
    const local = new Map<string, Analysis>()
    for (const effect of analysis.effects) {
      if (effect.kind === 'prepare' || effect.kind === 'declare') local.set(`${effect.kind} ${effect.name}`, effect.analysis)
      else if (effect.kind === 'execute') all.push(...this.#meanings(local.get(`prepare ${effect.name}`), this.#sqlStatements.get(effect.name), this.statements.get(effect.name)?.analysis))
      else if (effect.kind === 'fetch') all.push(...this.#meanings(local.get(`declare ${effect.name}`), this.#cursors.get(effect.name), this.portals.get(effect.name)?.prepared.analysis))
    }
    return combineAnalyses(all)
  }

  /** Takes note of what a statement that is about to run does to names. */
  apply(effects: readonly NameEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'execute' || effect.kind === 'fetch') continue
      this.epoch++
      if (effect.kind === 'prepare') add(this.#sqlStatements, effect.name, effect.analysis)
      else if (effect.kind === 'declare') {
        this.portals.delete(effect.name)
        add(this.#cursors, effect.name, effect.analysis)
      } else if (effect.kind === 'deallocate') forget(effect.name, this.statements, this.#sqlStatements)
      else forget(effect.name, this.portals, this.#cursors)
    }
  }

  #meanings(local: Analysis | undefined, versions: readonly Analysis[] | undefined, parsed: Analysis | undefined): readonly Analysis[] {
    const found = [...(versions ?? [])]
    if (local !== undefined) found.push(local)
    if (parsed !== undefined) found.push(parsed)
    return found.length === 0 ? [UNKNOWN] : found
  }
}

function add(map: Map<string, Analysis[]>, name: string, analysis: Analysis): void {
  const versions = map.get(name)
  if (versions === undefined) map.set(name, [analysis])
  else if (versions.length < MAX_VERSIONS) versions.push(analysis)
  else versions[MAX_VERSIONS - 1] = UNKNOWN
}

function forget(name: string | undefined, ...maps: readonly Map<string, unknown>[]): void {
  for (const map of maps) {
    if (name === undefined) map.clear()
    else map.delete(name)
  }
}
