import { hash } from 'node:crypto'
import type { Analysis } from '../../sql/analysis.ts'
import type { Names } from './names.ts'

/** Verbs that leave the meaning of later statements as it is. */
const PLAIN = new Set([
  'select', 'insert', 'update', 'delete', 'merge', 'truncate', 'transaction', 'show', 'explain', 'fetch', 'close', 'lock',
  'copy', 'copy-in', 'copy-out', 'listen', 'unlisten', 'notify', 'vacuum', 'analyze',
])
const MAX_NAMES = 256
const MAX_VERSIONS = 4
const MAX_TEXT_LENGTH = 16 * 1024

/** What gave statements of a session their meaning so far: settings, temporary objects, and what names stand for. */
export class OperationContext {
  /** A chain of hashes over everything that ran and may have changed a meaning. Equal chains, equal meanings. */
  #chain: string
  /** Something in the chain may still be taken back, by an error, a rollback, or the end of its transaction. */
  #revocable = false
  readonly #definitions = new Map<string, readonly string[]>()

  /** @param settings that the session began with */
  constructor(settings: ReadonlyMap<string, string>) {
    this.#chain = hash('sha256', JSON.stringify([...settings].toSorted(byName)), 'hex')
  }

  get chain(): string {
    return this.#chain
  }

  /** A statement is about to run. */
  note(text: string, { facts, effects }: Analysis, parameters: readonly (string | null)[]): void {
    const plain = effects.length === 0 && facts.actions.every((action) => PLAIN.has(action))
    if (plain && !(this.#revocable && facts.actions.includes('transaction'))) return
    this.#extend(text, parameters)
    this.#revocable = true
    for (const { kind, name } of effects) if (kind === 'prepare' || kind === 'declare') this.#define(`${kind} ${name}`, text, parameters)
  }

  /** A statement failed, was skipped or refused: its transaction may take back what is in the chain. */
  failed(text: string): void {
    if (this.#revocable) this.#extend('failed', text)
  }

  /** Everything sent is answered, and no transaction is open. What was set for the last one alone holds no more. */
  settled(): void {
    if (this.#revocable) this.#extend('settled')
    this.#revocable = false
  }

  /**
   * Texts that define what the statement runs by name.
   * @param bound name of the prepared statement that the Bind message of the statement names, where SQL prepared it
   * @returns undefined when one is not known as a whole
   */
  definitionsFor(text: string, { effects }: Analysis, names: Names, bound?: string): readonly string[] | undefined {
    const here = new Set<string>()
    const found: string[] = []
    for (const { kind, name } of bound === undefined ? effects : [{ kind: 'execute', name: bound }, ...effects]) {
      // Only what comes later in the text runs what is defined here.
      if (kind === 'prepare' || kind === 'declare') here.add(`${kind} ${name}`)
      if ((kind !== 'execute' && kind !== 'fetch') || name === undefined) continue
      const key = `${kind === 'execute' ? 'prepare' : 'declare'} ${name}`
      if (here.has(key)) continue
      // The values of its parameters stand in no text.
      if (kind === 'fetch' && names.portals.get(name) !== undefined) return undefined
      const parsed = kind === 'execute' ? names.statements.get(name) : undefined
      // Types that a Parse message gave to parameters stand in no text either; a text that is read otherwise tells nothing.
      if (parsed !== undefined && (parsed.analyser === undefined || parsed.parse === undefined || parsed.parse.readInt16BE(0) > 0)) return undefined
      const definitions = [...(this.#definitions.get(key) ?? []), ...(parsed === undefined ? [] : [parsed.text])].filter((one) => one !== text)
      if (definitions.length === 0 || definitions.length > MAX_VERSIONS) return undefined
      found.push(...definitions)
    }
    return found
  }

  #extend(...parts: readonly unknown[]): void {
    this.#chain = hash('sha256', JSON.stringify([this.#chain, ...parts]), 'hex')
  }

  #define(key: string, text: string, parameters: readonly (string | null)[]): void {
    const versions = this.#definitions.get(key) ?? []
    if (versions.includes(text)) return
    // One too many, or one that is not kept whole: nobody could be shown all that the name may stand for.
    const whole = text.length <= MAX_TEXT_LENGTH && parameters.length === 0
    const kept = whole ? [...versions, text].slice(0, MAX_VERSIONS + 1) : Array.from({ length: MAX_VERSIONS + 1 }, () => '')
    if (this.#definitions.has(key) || this.#definitions.size < MAX_NAMES) this.#definitions.set(key, kept)
  }
}

/** In an order of its own, whatever order they came in. */
export function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
