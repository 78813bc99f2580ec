import { fitText } from '../recording/fit-entry.ts'
import type { OperationRequest } from './review-desk.ts'
import type { OperationCard, RiskContext } from './review.ts'

const TEXT_BYTES = 16 * 1_024
const PARAMETER_BYTES = 1_024
const MAX_PARAMETERS = 100
const NAME_BYTES = 512
const MAX_NAMES = 100

/** What the reviewer reads of an operation. What is too long for it is cut and marked; its digest is over the whole. */
export function operationCard({ operation, reviewable, preview }: OperationRequest, risk: RiskContext): OperationCard {
  const { facts, parameters } = operation
  const text = fitText(operation.text, TEXT_BYTES)
  const definitions = fitTogether(reviewable.definitions)
  const shown = parameters.slice(0, MAX_PARAMETERS).map((value) => (value === null ? null : fitText(value, PARAMETER_BYTES)))
  const cut = parameters.length > shown.length || shown.some((value) => value?.truncated !== undefined)
  return {
    text: text.value,
    textTruncated: text.truncated !== undefined || definitions.truncated || cut,
    definitions: definitions.texts,
    parameters: shown.map((value) => (value?.truncated === undefined ? (value?.value ?? null) : `${value.value}…`)),
    actions: names(facts.actions),
    objects: names(facts.objects),
    filtered: facts.filtered,
    inTransaction: reviewable.inTransaction,
    preview,
    risk,
  }
}

/** Definitions are what runs: together they have as much room as the text. */
function fitTogether(texts: readonly string[]): { readonly texts: readonly string[]; readonly truncated: boolean } {
  const fitted: string[] = []
  let left = TEXT_BYTES
  for (const text of texts) {
    const { value, truncated } = fitText(text, left)
    fitted.push(value)
    if (truncated !== undefined) return { texts: fitted, truncated: true }
    left -= Buffer.byteLength(JSON.stringify(text))
    if (left <= 2) return { texts: fitted, truncated: fitted.length < texts.length }
  }
  return { texts: fitted, truncated: false }
}

function names(all: readonly string[]): string[] {
  const shown = all.slice(0, MAX_NAMES).map((name) => marked(name, NAME_BYTES))
  return all.length > MAX_NAMES ? [...shown, `… and ${all.length - MAX_NAMES} more`] : shown
}

function marked(text: string, bytes: number): string {
  const { value, truncated } = fitText(text, bytes)
  return truncated === undefined ? value : `${value}…`
}
