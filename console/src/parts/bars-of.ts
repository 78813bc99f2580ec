import type { FoundOperation } from '@sallyport/contract'

const HOUR_MS = 3_600_000
const HOURS = 24

export interface Hour {
  /** When it began, in the reader's zone. */
  readonly label: string
  allow: number
  review: number
  deny: number
}

/** Counts operations by the hour. Found ones stand for equal ones within an hour, so each belongs to one. */
export function barsOf(found: readonly Pick<FoundOperation, 'last' | 'count' | 'decision'>[], nowMs: number): readonly Hour[] {
  const first = Math.floor(nowMs / HOUR_MS) - HOURS + 1
  const hours = Array.from({ length: HOURS }, (_, index): Hour => {
    const label = new Date((first + index) * HOUR_MS).toLocaleTimeString(undefined, { weekday: 'short', hour: '2-digit' })
    return { label, allow: 0, review: 0, deny: 0 }
  })
  for (const { last, count, decision } of found) {
    const hour = hours[Math.floor(Date.parse(last.at) / HOUR_MS) - first]
    if (hour !== undefined) hour[decision.effect] += count
  }
  return hours
}
