import { combineAnalyses, type StatementAnalyser, UNKNOWN } from '../../sql/statement-analyser.ts'
import type { Analysis, NameEffect } from '../../sql/analysis.ts'
import { NameTable } from './name-table.ts'

const MAX_NAMES = 20_000
const MAX_VERSIONS = 16

/** Of all that PREPARE was given, in a session; what is beyond is unknown once the catalog has changed. */
const MAX_KEPT_CHARACTERS = 4 << 20

/** What PREPARE put under a name. */
interface KeptStatement {
  /** As it was analysed first. */
  readonly original: Analysis
  analysis: Analysis
  analyser: StatementAnalyser | undefined
  readonly name: string
  /** Of the message that it came in. */
  readonly text: string | undefined
}

/** A statement that the client prepared by a Parse message. */
export interface Prepared {
  readonly text: string
  analysis: Analysis
  /** Who analysed it: another one is in force once the catalog has changed. Undefined where the text was not readable. */
  analyser: StatementAnalyser | undefined
  /** False when it came by PREPARE: the target then confirms it in no message of its own. */
  readonly parsed: boolean
  /** The name that PREPARE gave it. */
  readonly preparedAs?: string
  /** Which part of the pipeline, from one Sync to the next, it came in. */
  readonly segment: number
  /** Of a Parse message whose statement wants a review: all that follows its text, the types of its parameters. */
  parse?: Buffer | undefined
  /** The target's RowDescription of it, in which all formats are text, if the client has asked for one. */
  description?: Buffer | undefined
}

/** A statement bound to its parameters, ready to run. */
export interface Portal {
  readonly name: string
  readonly prepared: Prepared
  /** The bytes that hold the Bind frame, where its parameters begin and where it ends; read when the operation is made. */
  readonly bind: Buffer
  readonly parametersAt: number
  readonly bindEnd: number
  /** Value of {@link Names.epoch} when it was bound. */
  readonly epoch: number
  /** Which part of the pipeline, from one Sync to the next, it came in. */
  readonly segment: number
  /** Set once the client, or the gateway itself, has asked the target to describe it. */
  described: boolean
  /** Masks by column, once the target has described it. */
  plan: RowPlan | undefined
  /** The target's RowDescription of it, if there was one. */
  description?: Buffer | undefined
}

/** Mask for each column of a row, undefined where the value passes. `undefined` as a whole: no column is masked. */
export type RowPlan = readonly (ColumnMask | undefined)[] | 'verbatim'

export interface ColumnMask {
  replace(value: Buffer): Uint8Array | null
}

/**
 * What the session's names stand for, as far as the messages sent so far tell. Prepared statements share one name space
 * between Parse and PREPARE; portals share one between Bind and DECLARE. What the target confirms is checked apart
 * (see server-relay.ts): a message that the target skipped must not leave this view believed.
 */
export class Names {
  readonly statements = new NameTable<Prepared>()
  readonly portals = new NameTable<Portal>()
  /** What the target has confirmed by ParseComplete and BindComplete, and not closed since. */
  readonly confirmedStatements = new NameTable<Prepared>()
  readonly confirmedPortals = new NameTable<Portal>()
  /** What PREPARE put under a name. Several where one may have failed: then the strictest counts. */
  readonly #sqlStatements = new Map<string, KeptStatement[]>()
  readonly #cursors = new Map<string, Analysis[]>()
  readonly #analyser: () => StatementAnalyser
  /** Characters of texts that are kept to be analysed again. */
  #kept = 0
  /** Counts everything that may give a name another meaning. */
  epoch = 0

  /** @param analyser by the catalog as it is now */
  constructor(analyser: () => StatementAnalyser) {
    this.#analyser = analyser
  }

  /** True when no more names are taken: memory is bounded. */
  get isFull(): boolean {
    return this.statements.size + this.portals.size + this.#sqlStatements.size + this.#cursors.size >= MAX_NAMES
  }

  /** True when a statement could say `WHERE CURRENT OF` something. */
  get hasCursors(): boolean {
    return this.#cursors.size > 0 || this.portals.size > (this.portals.get('') === undefined ? 0 : 1)
  }

  /** The statement under a name, whether it came by Parse or PREPARE. */
  statement(name: string): Prepared | undefined {
    const parsed = this.statements.get(name)
    const versions = this.#sqlStatements.size === 0 ? undefined : this.#sqlStatements.get(name)
    if (versions === undefined) return parsed
    const analysis = combineAnalyses([...versions.map((one) => this.#current(one)), ...(parsed === undefined ? [] : [parsed.analysis])])
    return { text: `EXECUTE ${name}`, analysis, analyser: undefined, parsed: false, preparedAs: name, segment: 0 }
  }

  /** The analysis with all that it runs by name taken in. A name that nothing is known of makes it unknown. */
  resolve(analysis: Analysis): Analysis {
    if (analysis.effects.length === 0 || !analysis.effects.some((effect) => effect.kind === 'execute' || effect.kind === 'fetch')) return analysis
    const all = [analysis]
    const local = new Map<string, Analysis>()
    for (const effect of analysis.effects) {
      if (effect.kind === 'prepare' || effect.kind === 'declare') local.set(`${effect.kind} ${effect.name}`, effect.analysis)
      else if (effect.kind === 'execute') all.push(...this.#meanings(local.get(`prepare ${effect.name}`), this.#sqlStatements.get(effect.name)?.map((one) => this.#current(one)), this.statements.get(effect.name)?.analysis))
      else if (effect.kind === 'fetch') all.push(...this.#meanings(local.get(`declare ${effect.name}`), this.#cursors.get(effect.name), this.portals.get(effect.name)?.prepared.analysis))
    }
    return combineAnalyses(all)
  }

  /** Takes note of the names that a statement which is about to run may make. What it removes may yet fail, or be skipped. */
  expect(effects: readonly NameEffect[], text: string): void {
    for (const effect of effects) {
      if (effect.kind === 'execute' || effect.kind === 'fetch') continue
      this.epoch++
      if (effect.kind === 'prepare') this.#prepare(effect.name, effect.analysis, text, this.#analyser())
      else if (effect.kind === 'declare') {
        this.portals.delete(effect.name)
        add(this.#cursors, effect.name, effect.analysis)
      }
    }
  }

  /** A statement was answered. Of a message that failed some statements may have run: nothing is removed then. */
  settle(effects: readonly NameEffect[], completed: boolean, text: string): void {
    for (const effect of effects) {
      if (effect.kind === 'declare') this.confirmedPortals.delete(effect.name)
      if (!completed) continue
      if (effect.kind === 'prepare') this.#prepare(effect.name, effect.analysis, text, undefined)
      else if (effect.kind === 'declare') add(this.#cursors, effect.name, effect.analysis)
      else if (effect.kind === 'deallocate') this.closeStatement(effect.name)
      else if (effect.kind === 'close') this.closePortal(effect.name)
    }
  }

  /** The target holds it no more, or none at all. A Parse of the same name may be on its way already: it stays. */
  closeStatement(name: string | undefined): void {
    for (const { text } of name === undefined ? [...this.#sqlStatements.values()].flat() : (this.#sqlStatements.get(name) ?? [])) this.#kept -= text?.length ?? 0
    close(name, this.statements, this.confirmedStatements, this.#sqlStatements)
  }

  closePortal(name: string | undefined): void {
    close(name, this.portals, this.confirmedPortals, this.#cursors)
  }

  /** A Parse or Bind failed or was skipped: what the target held before under the name is what it holds now. */
  restore(name: string, prepared: Prepared | undefined, portal: Portal | undefined): void {
    if (prepared !== undefined) restore(name, prepared, this.statements, this.confirmedStatements)
    if (portal !== undefined) restore(portal.name, portal, this.portals, this.confirmedPortals)
  }

  #prepare(name: string, analysis: Analysis, text: string, analyser: StatementAnalyser | undefined): void {
    const versions = this.#sqlStatements.get(name) ?? []
    if (versions.some(({ original }) => original === analysis)) return
    const fits = versions.length < MAX_VERSIONS && this.#kept + text.length <= MAX_KEPT_CHARACTERS
    if (fits) this.#kept += text.length
    const kept = { original: analysis, analysis, analyser, name, text: fits ? text : undefined }
    if (versions.length < MAX_VERSIONS) versions.push(kept)
    else versions[MAX_VERSIONS - 1] = { ...kept, analysis: UNKNOWN }
    this.#sqlStatements.set(name, versions)
  }

  /** The target analyses it again when it runs, by definitions that may be other ones than when it was prepared. */
  #current(kept: KeptStatement): Analysis {
    const analyser = this.#analyser()
    if (kept.analyser === analyser || kept.analysis === UNKNOWN) return kept.analysis
    const again = kept.text === undefined ? [] : analyser.analyse(kept.text).effects
    kept.analysis = combineAnalyses(again.flatMap((effect) => (effect.kind === 'prepare' && effect.name === kept.name ? [effect.analysis] : [])))
    kept.analyser = analyser
    return kept.analysis
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
  else if (versions.includes(analysis)) return
  else if (versions.length < MAX_VERSIONS) versions.push(analysis)
  else versions[MAX_VERSIONS - 1] = UNKNOWN
}

function close<T>(name: string | undefined, believed: NameTable<T>, confirmed: NameTable<T>, bySql: Map<string, unknown>): void {
  for (const closed of name === undefined ? confirmed.names() : [name]) {
    const held = confirmed.get(closed)
    if (held !== undefined && believed.get(closed) === held) believed.delete(closed)
    confirmed.delete(closed)
  }
  if (name === undefined) bySql.clear()
  else bySql.delete(name)
}

function restore<T>(name: string, failed: T, believed: NameTable<T>, confirmed: NameTable<T>): void {
  if (believed.get(name) !== failed) return
  const before = confirmed.get(name)
  if (before === undefined) believed.delete(name)
  else believed.set(name, before)
}
