import { isAscii, isUtf8 } from 'node:buffer'
import type { OperationFacts } from '../../governance/operation.ts'
import type { MaskEntry } from '../../governance/policy/policy-document.ts'
import { looksMasked } from '../../governance/masking/apply-mask.ts'
import type { Analysis } from '../../sql/analysis.ts'
import { REDEFINED, type StatementAnalyser, UNKNOWN } from '../../sql/statement-analyser.ts'
import type { Portal, Prepared } from './names.ts'
import type { RelayState } from './relay-state.ts'
import { readParameters } from './wire/client-messages.ts'

/** Verbs that change rows, never definitions. */
const DATA_ONLY = new Set(['select', 'insert', 'update', 'delete', 'merge', 'truncate', 'lock', 'copy', 'copy-in', 'copy-out', 'execute', 'fetch', 'declare', 'close', 'prepare', 'transaction', 'set', 'reset', 'show', 'explain', 'notify', 'listen', 'vacuum', 'analyze'])

/** True when names may mean other things once it has run. */
export function changesCatalog(analysis: Analysis): boolean {
  return !analysis.facts.readOnly && analysis.facts.actions.some((action) => !DATA_ONLY.has(action))
}

/** Turns the bytes of a statement into what it does, as the target will read them. */
export class OperationReader {
  readonly #state: RelayState
  readonly #refused = new WeakMap<OperationFacts, OperationFacts>()

  constructor(state: RelayState) {
    this.#state = state
  }

  /** @param types OIDs that a Parse names for its parameters */
  readTyped(bytes: Buffer, types: readonly number[]): ReturnType<OperationReader['read']> {
    const read = this.read(bytes)
    if (types.length === 0 || !types.some((oid) => read.analyser?.isActiveType(oid))) return read
    return { text: read.text, analysis: UNKNOWN, analyser: undefined }
  }

  /** Unknown whenever the target might read the bytes in another way than the parser here does. */
  read(bytes: Buffer): { text: string; analysis: Analysis; analyser: StatementAnalyser | undefined } {
    const { parameters, catalog, readingUncertain } = this.#state
    const ascii = isAscii(bytes)
    const text = bytes.toString(ascii ? 'latin1' : 'utf8')
    // A backslash is a character of its own only while standard_conforming_strings is on.
    const sameStrings = !text.includes('\\') || (parameters.get('standard_conforming_strings') !== 'off' && !readingUncertain)
    const sameEncoding = ascii || (parameters.get('client_encoding') === 'UTF8' && isUtf8(bytes) && !readingUncertain)
    if (!sameStrings || !sameEncoding) return { text, analysis: UNKNOWN, analyser: undefined }
    const { analyser } = catalog
    return { text, analysis: analyser.analyse(text), analyser }
  }

  /** What a prepared statement does by the catalog as it is now. */
  current(prepared: Prepared): Analysis {
    const { analyser } = this.#state.catalog
    if (prepared.analyser !== undefined && prepared.analyser !== analyser) {
      prepared.analysis = analyser.analyse(prepared.text)
      prepared.analyser = analyser
    }
    return prepared.analysis
  }

  parameters(portal: Portal): (string | null)[] {
    return readParameters(portal.bind, portal.parametersAt, portal.bindEnd, this.#state.limits.maxRecordedParameterBytes)
  }

  /** The facts as far as masks go: a violation where what is masked could come out, or be destroyed. */
  factsWith(analysis: Analysis, parameters: readonly (string | null)[]): OperationFacts {
    const { facts } = analysis
    if (!this.#state.masking || facts.maskViolation !== undefined) return facts
    if (facts.unknown) return this.#unanalysed(facts)
    if (analysis.touchesMasked && this.#state.definitions.mayHaveTouched(facts.objects)) return { ...facts, maskViolation: { mask: this.#masks[0]?.name ?? '', ...REDEFINED } }
    if (parameters.length === 0 || facts.readOnly || !analysis.mayQuoteMasked) return facts
    const mask = this.#masks.find((entry) => parameters.some((value) => value !== null && looksMasked(value, [entry])))
    return mask === undefined ? facts : { ...facts, maskViolation: { mask: mask.name, ...WRITE_BACK } }
  }

  get #masks(): readonly MaskEntry[] {
    return this.#state.session.policy.masks
  }

  /** Kept by facts, so that policy remembers its decision on a statement that is sent again. */
  #unanalysed(facts: OperationFacts): OperationFacts {
    const known = this.#refused.get(facts)
    if (known !== undefined) return known
    const reason = facts.unknownBecause === undefined ? UNANALYSED.reason : `${facts.unknownBecause}; what cannot be understood cannot be masked`
    const refused = { ...facts, maskViolation: { mask: this.#masks[0]?.name ?? '', reason, hint: UNANALYSED.hint } }
    this.#refused.set(facts, refused)
    return refused
  }
}

const WRITE_BACK = {
  reason: 'a parameter holds what the mask shows in place of a value; writing it would destroy the value',
  hint: 'Leave masked columns out of the statement.',
}
const UNANALYSED = {
  reason: 'the statement could not be analysed, so nobody can tell which values to mask in its result',
  hint: 'Check that every table, column and function in it exists, and say it in plain SQL with built-in functions.',
}
