import type { Analysis } from './analysis.ts'

/** What is not understood, treated as touching everything. */
export const UNKNOWN: Analysis = {
  facts: {
    actions: ['unknown'], objects: [], functions: [], readOnly: false, filtered: false, unknown: true, statements: 1,
  },
  effects: [],
  mayCopyIn: true,
  mayChangeReading: true,
  mayReturnMasked: true,
  touchesMasked: true,
  mayQuoteMasked: true,
  mayQuoteRows: true,
  redefines: [],
}
