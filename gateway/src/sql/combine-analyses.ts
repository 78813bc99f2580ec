import type { Analysis } from './analysis.ts'
import { UNKNOWN } from './unknown.ts'

/**
 * The strictest reading of several texts, of which any may be what runs: an EXECUTE and every statement that its name
 * may stand for. Nothing known is everything possible: an empty list gives {@link UNKNOWN}.
 */
export function combineAnalyses(list: readonly Analysis[]): Analysis {
  const [first] = list
  if (first === undefined) return UNKNOWN
  if (list.length === 1) return first
  const facts = list.map((analysis) => analysis.facts)
  const violation = facts.find((one) => one.maskViolation !== undefined)?.maskViolation
  const because = facts.find((one) => one.unknownBecause !== undefined)?.unknownBecause
  return {
    facts: {
      actions: union(facts.map((one) => one.actions)),
      objects: union(facts.map((one) => one.objects)),
      functions: union(facts.map((one) => one.functions)),
      readOnly: facts.every((one) => one.readOnly),
      filtered: facts.every((one) => one.filtered),
      unknown: facts.some((one) => one.unknown),
      statements: Math.max(...facts.map((one) => one.statements)),
      ...(because !== undefined && { unknownBecause: because }),
      ...(violation === undefined ? {} : { maskViolation: violation }),
    },
    effects: list.flatMap((one) => one.effects),
    mayCopyIn: list.some((one) => one.mayCopyIn),
    mayChangeReading: list.some((one) => one.mayChangeReading),
    mayReturnMasked: list.some((one) => one.mayReturnMasked),
    touchesMasked: list.some((one) => one.touchesMasked),
    mayQuoteMasked: list.some((one) => one.mayQuoteMasked),
    mayQuoteRows: list.some((one) => one.mayQuoteRows),
    redefines: union(list.map((one) => one.redefines)),
  }
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].sort()
}
