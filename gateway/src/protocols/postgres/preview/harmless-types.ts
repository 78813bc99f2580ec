import { readsOnly } from './count-rows.ts'
import type { PreviewOptions } from './preview-options.ts'
import type { PreviewSession } from './preview-session.ts'

/** First OID of what was made after initdb. */
const FIRST_USER_OID = 16384

/**
 * Whether binding parameters runs only the server's own code: a domain's checks, and the input of somebody's type, run
 * as soon as a value is bound. @throws NoAnswer
 */
export async function typesAreHarmless(session: PreviewSession, types: readonly number[], options: PreviewOptions): Promise<boolean> {
  const made = [...new Set(types)].filter((oid) => oid >= FIRST_USER_OID)
  if (made.length === 0) return true
  const answer = await session.own(`select quote_ident(n.nspname) || '.' || quote_ident(t.typname)
    from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.oid in (${made.join()})`)
  const names = typeof answer === 'string' ? [] : (answer[0] ?? []).map(([name]) => name ?? '')
  return names.length === made.length && names.every((name) => readsOnly(`select null::${name}`, options))
}
