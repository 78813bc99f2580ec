import { type AdapterServices, NotReached } from '../protocol-adapter.ts'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { postgresTarget, TLS_USE } from './target.ts'
import { connectUpstream, TargetError } from './upstream.ts'

/** Logs in with the target's own credential, also where sessions get logins of their own. */
export async function reach(entry: TargetEntry, { resolveSecret }: Pick<AdapterServices, 'resolveSecret'>, timeoutMs: number): Promise<string> {
  const target = postgresTarget(entry)
  const { credential, database, tls } = target
  const password = await resolveSecret(credential.password)
  try {
    const { connection, parameters, method } = await connectUpstream(target, password, new Map([['application_name', 'sallyport connection test']]), timeoutMs)
    connection.destroy()
    const version = parameters.get('server_version') ?? 'of an unknown version'
    return `PostgreSQL ${version} let "${credential.user}" into "${database}" (login: ${method}; TLS: ${TLS_USE[tls.mode]})`
  } catch (error) {
    if (error instanceof TargetError) throw new NotReached(error.message)
    throw error
  }
}
