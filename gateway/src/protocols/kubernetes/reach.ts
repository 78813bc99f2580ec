import type { IncomingMessage } from 'node:http'
import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { type AdapterServices, NotReached } from '../protocol-adapter.ts'
import { kubernetesTarget } from './target.ts'
import { TargetUnreachable } from './upstream.ts'
import { openUpstream } from './upstreams.ts'

const MAX_ANSWER_BYTES = 64 * 1024

/** Asks for the version: an API server answers that to nobody who comes with a credential that it does not know. */
export async function reach(entry: TargetEntry, { resolveSecret }: Pick<AdapterServices, 'resolveSecret'>, timeoutMs: number): Promise<string> {
  const target = kubernetesTarget(entry)
  const upstream = await openUpstream(target, resolveSecret)
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const answer = await upstream.request({ method: 'GET', path: '/version', headers: { accept: 'application/json' }, signal })
    const version = versionIn(await readText(answer))
    if (answer.statusCode === 401) throw new NotReached('the API server does not know the credential')
    if (answer.statusCode !== 200 || version === undefined) throw new NotReached(`it answered ${answer.statusCode} to a question for its version, and not as an API server does`)
    const { token, certificate } = target.credential
    return `Kubernetes ${version} took the ${token === undefined ? `client certificate ${certificate}` : `token ${token}`} (TLS: verified)`
  } catch (error) {
    if (error instanceof TargetUnreachable) throw new NotReached(error.message)
    if (signal.aborted) throw new NotReached('the API server did not answer in time')
    throw error
  }
}

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new NotReached('its answer is longer than the version of an API server')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function versionIn(text: string): string | undefined {
  try {
    const { gitVersion } = JSON.parse(text) as { readonly gitVersion?: unknown }
    return typeof gitVersion === 'string' ? gitVersion : undefined
  } catch {
    return undefined
  }
}
