import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { type AdapterServices, NotReached } from '../protocol-adapter.ts'
import { sshTarget } from './target.ts'
import { connectUpstream, TargetError } from './upstream.ts'

/** Logs in, and opens no channel. */
export async function reach(entry: TargetEntry, lent: Pick<AdapterServices, 'resolveSecret' | 'authorities'>, timeoutMs: number): Promise<string> {
  const target = sshTarget(entry)
  try {
    const { transport, method } = await connectUpstream(target, { ...lent, session: 'of a connection test', identity: 'the gateway' }, timeoutMs)
    const { peerVersion, hostKeyAlgorithm } = await transport.ready
    transport.destroy()
    return `${peerVersion.replace(/^SSH-2\.0-/, '')} proved its host key (${hostKeyAlgorithm}) and let "${target.credential.user}" in (login: ${method})`
  } catch (error) {
    if (error instanceof TargetError) throw new NotReached(error.message)
    throw error
  }
}
