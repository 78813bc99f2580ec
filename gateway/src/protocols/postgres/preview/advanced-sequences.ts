import { rowsOf, type PreviewSession } from './preview-session.ts'
import { simple } from './questions.ts'

/** Last value and name by OID; undefined when they could not all be read. */
type Sequences = ReadonlyMap<string, { readonly name: string; readonly last: string | null }> | undefined

const MAX_SEQUENCES = 1000
const MAX_NAMED = 20

const SEQUENCES = `select c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname),
    case when has_sequence_privilege(c.oid, 'SELECT,USAGE') then pg_sequence_last_value(c.oid) end
  from pg_sequence s join pg_class c on c.oid = s.seqrelid join pg_namespace n on n.oid = c.relnamespace
  where not pg_is_other_temp_schema(n.oid) order by c.oid limit ${MAX_SEQUENCES + 1}`

/** @throws NoAnswer */
export async function readSequences(session: PreviewSession): Promise<Sequences> {
  const answer = await session.own(SEQUENCES)
  const rows = typeof answer === 'string' ? undefined : answer[0]
  if (rows === undefined || rows.length > MAX_SEQUENCES) return undefined
  return new Map(rows.map(([oid, name, last]) => [oid ?? '', { name: name ?? '', last: last ?? null }]))
}

/**
 * Sequences that this connection has moved, which no rollback takes back. Others move them too: only of those that this
 * connection itself has used it can be asked for a current value.
 * @throws NoAnswer
 */
export async function advancedSequences(session: PreviewSession, before: Sequences): Promise<readonly string[]> {
  const after = await readSequences(session)
  if (before === undefined || after === undefined) return ['The rehearsal may have advanced sequences, which a rollback does not take back; there are too many to compare.']
  const moved = [...after].filter(([oid, { last }]) => before.get(oid)?.last !== last)
  const answers = await session.inOnePiece(...moved.map(([oid]) => simple(`select pg_catalog.currval(${Number(oid)}::pg_catalog.oid::pg_catalog.regclass)`)))
  const own = moved.filter((_, index) => {
    const answer = answers[index]
    return answer !== undefined && answer.code === undefined && rowsOf(answer).length === 1
  })
  if (own.length === 0) return []
  const names = own.slice(0, MAX_NAMED).map(([, { name }]) => name)
  const more = own.length > MAX_NAMED ? `, and ${own.length - MAX_NAMED} more` : ''
  return [`The rehearsal has advanced sequences, which a rollback does not take back: ${names.join(', ')}${more}.`]
}
