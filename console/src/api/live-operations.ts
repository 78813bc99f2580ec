import type { ReplayLine, SessionOperation } from '@sallyport/contract'

/** The newest that are kept of an open session; all of it is there once it is closed. */
const MOST = 500

/** Puts what a line of an open session says into what is known of it, in order. @returns whether that changed anything */
export function putLine(known: Map<number, SessionOperation>, line: ReplayLine): boolean {
  if (line.type === 'operation') {
    const { type: _type, parameters: _parameters, ...operation } = line
    known.set(line.number, { ...operation, outcome: known.get(line.number)?.outcome ?? null })
    const [oldest] = known.keys()
    if (known.size > MOST && oldest !== undefined) known.delete(oldest)
    return true
  }
  const operation = line.type === 'outcome' ? known.get(line.operation) : undefined
  if (line.type !== 'outcome' || operation === undefined) return false
  known.set(line.operation, { ...operation, outcome: line.outcome })
  return true
}
