import type { DetectorMask } from '../../policy/policy-document.ts'
import type { DetectorName } from './detector-names.ts'
import { ValueFinder } from './find-values.ts'

/** The masks on text streams of a session, put together. */
export class DetectorSet {
  readonly finder: ValueFinder
  readonly #byName = new Map<DetectorName, DetectorMask>()

  constructor(masks: readonly DetectorMask[]) {
    // The first mask that names a detector is the one that holds.
    for (const mask of masks) for (const name of mask.detect ?? []) if (!this.#byName.has(name)) this.#byName.set(name, mask)
    this.finder = new ValueFinder(new Set(this.#byName.keys()))
  }

  maskOf(by: DetectorName): DetectorMask {
    const mask = this.#byName.get(by)
    if (mask === undefined) throw new Error(`no mask has the detector ${by}`)
    return mask
  }
}
