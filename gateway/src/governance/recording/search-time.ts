const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const DURATION = /^(\d{1,6})([smhdw])$/
/** ISO 8601 in the extended form: a day, or a day and a time, with a zone or in UTC. */
const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i
const DAY_MS = 86_400_000

/** The time that a value names: its beginning, and what comes directly behind it. Unix milliseconds. */
export interface TimeSpan {
  readonly fromMs: number
  readonly endMs: number
}

/** `7d` is that long before now, `2026-11-01` a whole day in UTC. @returns undefined for what names no time */
export function readTime(text: string, nowMs: number): TimeSpan | undefined {
  const [, count, unit] = DURATION.exec(text.toLowerCase()) ?? []
  if (count !== undefined && unit !== undefined) {
    const fromMs = nowMs - Number(count) * (UNITS[unit] ?? 0)
    return fromMs < 0 ? undefined : { fromMs, endMs: fromMs }
  }
  const [, day, time, zone = 'Z'] = INSTANT.exec(text) ?? []
  if (day === undefined) return undefined
  const fromMs = Date.parse(`${day}T${time ?? '00:00'}${zone.toUpperCase()}`)
  const dayMs = Date.parse(`${day}T00:00Z`)
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(fromMs) || fromMs < 0 || !new Date(dayMs).toISOString().startsWith(day)) return undefined
  return { fromMs, endMs: time === undefined ? fromMs + DAY_MS : fromMs }
}
