import type { Analysis } from './analysis.ts'
import { changesReading, isHarmlessSetting } from './settings.ts'

/** A setting that comes with the startup packet, by itself or in `options`. */
export function analyseSetting(name: string, value: string): Analysis {
  return {
    facts: {
      actions: ['set'], objects: [], functions: [], readOnly: isHarmlessSetting(name, value), filtered: true,
      unknown: false, statements: 1,
    },
    effects: [],
    mayCopyIn: false,
    mayChangeReading: changesReading(name),
    mayReturnMasked: false,
    touchesMasked: false,
    mayQuoteMasked: false,
    mayQuoteRows: false,
    redefines: [],
  }
}
