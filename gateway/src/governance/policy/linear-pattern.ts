import { RE2JS } from 're2js'

/** Longest pattern accepted, in UTF-16 units. */
const MAX_PATTERN = 1000
/** Compiled patterns kept; rules hold a handful, a pattern computed from data must not fill the memory. */
const MAX_KEPT = 256

const kept = new Map<string, RE2JS>()

/**
 * Compiles an RE2 pattern, which matches in time linear in the text, whatever the text is.
 * @throws Error with the reason when the pattern is not RE2 syntax or too long
 */
export function linearPattern(pattern: string): RE2JS {
  const known = kept.get(pattern)
  if (known !== undefined) return known
  if (pattern.length > MAX_PATTERN) throw new Error(`a pattern may have at most ${MAX_PATTERN} characters`)
  const compiled = RE2JS.compile(pattern)
  if (kept.size >= MAX_KEPT) kept.clear()
  kept.set(pattern, compiled)
  return compiled
}
