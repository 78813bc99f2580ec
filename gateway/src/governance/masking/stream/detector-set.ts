import type { DetectorMask } from '../../policy/policy-document.ts'
import { linearPattern } from '../../policy/linear-pattern.ts'
import type { DetectorName } from './detector-names.ts'
import { ValueFinder } from './find-values.ts'
import { type LinePattern, LinePatterns } from './line-patterns.ts'

/** The masks on text streams of a session, put together. */
export class DetectorSet {
  readonly finder: ValueFinder
  readonly #masks = new Map<DetectorName | number, DetectorMask>()
  readonly #patterns: LinePattern[] = []

  constructor(masks: readonly DetectorMask[]) {
    const names = new Set<DetectorName>()
    for (const mask of masks) {
      for (const name of mask.detect ?? []) {
        names.add(name)
        // The policy document names one once; of an agent and a person together the first holds.
        if (!this.#masks.has(name)) this.#masks.set(name, mask)
      }
      for (const text of mask.patterns ?? []) {
        this.#masks.set(this.#patterns.length, mask)
        this.#patterns.push({ pattern: linearPattern(text), by: this.#patterns.length })
      }
    }
    this.finder = new ValueFinder(names)
  }

  /** For one lane; undefined when there is no pattern. */
  linePatterns(): LinePatterns | undefined {
    return this.#patterns.length === 0 ? undefined : new LinePatterns(this.#patterns)
  }

  maskOf(by: DetectorName | number): DetectorMask {
    const mask = this.#masks.get(by)
    if (mask === undefined) throw new Error(`no mask has the detector ${by}`)
    return mask
  }
}
