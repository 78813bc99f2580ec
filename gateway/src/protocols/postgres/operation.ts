import { isAscii, isUtf8 } from 'node:buffer'
import type { OperationFacts } from '../../governance/operation.ts'
import { looksMasked } from '../../governance/masking/apply-mask.ts'
import type { Analysis } from '../../sql/analysis.ts'
import { type StatementAnalyser, UNKNOWN } from '../../sql/statement-analyser.ts'
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

  constructor(state: RelayState) {
    this.#state = state
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
    return readParameters(portal.bind, portal.parametersAt, portal.bind.length, this.#state.limits.maxRecordedParameterBytes)
  }

  /** The facts, with a violation when a parameter would write a mask back over the value it hides. */
  factsWith(analysis: Analysis, parameters: readonly (string | null)[]): OperationFacts {
    const { facts } = analysis
    if (parameters.length === 0 || facts.readOnly || !analysis.mayQuoteMasked || facts.maskViolation !== undefined) return facts
    const { masks } = this.#state.session.policy
    const mask = masks.find((entry) => parameters.some((value) => value !== null && looksMasked(value, [entry])))
    if (mask === undefined) return facts
    const maskViolation = {
      mask: mask.name,
      reason: 'a parameter holds what the mask shows in place of a value; writing it would destroy the value',
      hint: 'Leave masked columns out of the statement.',
    }
    return { ...facts, maskViolation }
  }
}
