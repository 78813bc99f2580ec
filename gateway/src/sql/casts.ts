/** Casts that somebody defined with a function of their own: it runs where nobody wrote a call of it. */
import type { Cast, Catalog } from './catalog.ts'
import type { Findings } from './findings.ts'

/** Whether a statement may run such a cast. Judged by names alone: what has the type of a value is not worked out. */
export function mayRunCast(findings: Findings, catalog: Catalog): boolean {
  return catalog.casts.some((cast) => mayRun(cast, findings))
}

function mayRun({ context, targets, mentions }: Cast, { types, objects, changes }: Findings): boolean {
  const isWritten = some(types, targets)
  const isImplied = mentions !== undefined && (context === 'i' || (context === 'a' && changes))
  if (!isWritten && !isImplied) return false
  return mentions === undefined || some(types, mentions) || some(Array.from(objects, lastPart), mentions)
}

function some(names: Iterable<string>, of: ReadonlySet<string>): boolean {
  for (const name of names) if (of.has(name)) return true
  return false
}

function lastPart(object: string): string {
  return object.slice(object.lastIndexOf('.') + 1)
}
