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
  readonly #definitions = new Map<string, readonly string[]>()

  /** @param settings that the session began with */
  constructor(settings: ReadonlyMap<string, string>) {
    this.#chain = hash('sha256', JSON.stringify([...settings].sort()), 'hex')
  }

  get chain(): string {
    return this.#chain
  }

  /** A statement is about to run. */
  note(text: string, { facts, effects }: Analysis, parameters: readonly (string | null)[]): void {
    if (effects.length === 0 && facts.actions.every((action) => PLAIN.has(action))) return
    this.#chain = hash('sha256', JSON.stringify([this.#chain, text, parameters]), 'hex')
    for (const { kind, name } of effects) if (kind === 'prepare' || kind === 'declare') this.#define(`${kind} ${name}`, text)
  }

  /** Texts that define what the statement runs by name. @returns undefined when one is not known as a whole */
  definitionsFor(text: string, { effects }: Analysis, names: Names): readonly string[] | undefined {
    const here = new Set(effects.map(({ kind, name }) => `${kind} ${name}`))
    const found: string[] = []
    for (const { kind, name } of effects) {
      if ((kind !== 'execute' && kind !== 'fetch') || name === undefined) continue
      const key = `${kind === 'execute' ? 'prepare' : 'declare'} ${name}`
      if (here.has(key)) continue
      const parsed = kind === 'execute' ? names.statements.get(name)?.text : names.portals.get(name)?.prepared.text
      const definitions = [...(this.#definitions.get(key) ?? []), ...(parsed === undefined ? [] : [parsed])].filter((one) => one !== text)
      if (definitions.length === 0 || definitions.length > MAX_VERSIONS) return undefined
      found.push(...definitions)
    }
    return found
  }

  #define(key: string, text: string): void {
    const versions = this.#definitions.get(key) ?? []
    if (versions.includes(text)) return
    // One too many, or one that is not kept whole: nobody could be shown all that the name may stand for.
    const kept = text.length > MAX_TEXT_LENGTH ? Array.from({ length: MAX_VERSIONS + 1 }, () => '') : [...versions, text].slice(0, MAX_VERSIONS + 1)
    if (this.#definitions.has(key) || this.#definitions.size < MAX_NAMES) this.#definitions.set(key, kept)
  }
}
