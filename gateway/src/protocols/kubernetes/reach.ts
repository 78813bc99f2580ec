import type { TargetEntry } from '../../governance/policy/policy-document.ts'
import { type AdapterServices, NotReached } from '../protocol-adapter.ts'
import { AnswerTooLarge, readAnswer } from './read-answer.ts'
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
    const version = versionIn((await readAnswer(answer, MAX_ANSWER_BYTES)).toString())
    if (answer.statusCode === 401) throw new NotReached('the API server does not know the credential')
    if (answer.statusCode !== 200 || version === undefined) throw new NotReached(`it answered ${answer.statusCode} to a question for its version, and not as an API server does`)
    const { token, certificate } = target.credential
    return `Kubernetes ${version} took the ${token === undefined ? `client certificate ${certificate}` : `token ${token}`} (TLS: verified)`
  } catch (error) {
    if (error instanceof AnswerTooLarge) throw new NotReached('its answer is longer than the version of an API server')
    if (error instanceof TargetUnreachable) throw new NotReached(error.message)
    if (signal.aborted) throw new NotReached('the API server did not answer in time')
    throw error
  }
}

function versionIn(text: string): string | undefined {
  try {
    const { gitVersion } = JSON.parse(text) as { readonly gitVersion?: unknown }
    return typeof gitVersion === 'string' ? gitVersion : undefined
  } catch {
    return undefined
  }
}
