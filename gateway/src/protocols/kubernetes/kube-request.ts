import { maskText, streamMasker } from '../../governance/masking/stream/stream-masker.ts'
import type { OperationFacts } from '../../governance/operation.ts'
import type { AdapterServices } from '../protocol-adapter.ts'
import { answerStatus, type AnyResponse, BROKEN, errorStatus, INTERNAL, isBroken, refusalStatus, warningOf } from './answers.ts'
import { type AnyRequest, type ClientRequest, readClientRequest, RefusedRequest, withoutTables } from './client-request.ts'
import { mayTellImmutable } from './fixed-fields.ts'
import { KubeExchange } from './kube-exchange.ts'
import { digestOf, kubeOperation } from './kube-operation.ts'
import type { KubeSession } from './kube-session.ts'
import type { KubeSessions } from './kube-sessions.ts'
import { countCollection, isImmutable, previewRequest } from './preview-request.ts'
import { type Masking, relayAnswer, UnmaskableAnswer } from './relay-answer.ts'
import { readBody, type RequestBody } from './request-body.ts'
import { maskedResourceOf, requestFacts, resourceOf } from './request-facts.ts'
import type { Replacement } from './wire/mask-json.ts'
import { readRequestInfo, type RequestInfo } from './wire/request-info.ts'

/** Requests without a body repeat: what they do is known by their line. */
const MAX_KNOWN_FACTS = 2_000
const MAX_REMEMBERED_TEXTS = 2_000
const MAX_REMEMBERED_CHARACTERS = 128

export interface RequestServices {
  readonly services: AdapterServices
  readonly sessions: KubeSessions
}

/** From a client's request to its answer. Never throws. */
export class KubeRequests {
  readonly #services: AdapterServices
  readonly #sessions: KubeSessions
  readonly #facts = new Map<string, OperationFacts>()

  constructor({ services, sessions }: RequestServices) {
    this.#services = services
    this.#sessions = sessions
  }

  async handle(request: AnyRequest, response: AnyResponse): Promise<void> {
    response.on('error', () => undefined)
    try {
      const client = readClientRequest(request, targetNames(this.#services))
      const kube = await this.#sessions.for(openingOf(client, request))
      const info = readRequestInfo(client.method, client.target)
      const isProxied = info.subresource === 'proxy' || info.verb === 'proxy'
      const body = await readBody(request, client, info.isResource && !isProxied)
      await this.#govern(kube, client, info, body, request, response)
    } catch (error) {
      this.#fail(error, response)
      // The rest of a body that is too long would be taken for the next request.
      if (!request.complete) response.once('finish', () => request.destroy())
    }
  }

  async #govern(kube: KubeSession, client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, request: AnyRequest, response: AnyResponse): Promise<void> {
    const { gatekeeper, maskKey } = this.#services
    const operation = kubeOperation(client, info, body, kube, this.#factsOf(client, info))
    const exchange = new KubeExchange(kube, gatekeeper, operation, {
      digest: digestOf(client, body),
      preview: () => previewRequest(kube, client, info, body, maskKey),
      refuse: (refusal) => void answerStatus(response, refusalStatus(refusal)),
      fail: (error) => this.#fail(error, response, kube),
      run: async (transcript, signal, rowLimit, waited) => {
        if (rowLimit !== undefined && info.verb === 'deletecollection') await checkCount(kube, client, info, maskKey, rowLimit)
        await checkMutable(kube, client, info, body, maskKey)
        const answer = await kube.upstream.request({
          method: client.method, path: `${client.target.path}${client.target.search === '' ? '' : `?${client.target.search}`}`,
          headers: headersOf(client, info, body, kube), body: body?.bytes, signal,
        })
        if (waited !== undefined) response.setHeader('warning', warningOf(waited))
        await relayAnswer(answer, response, maskingOf(kube, info, operation.facts, maskKey), client.prefix, transcript, kube, signal)
        return String(answer.statusCode ?? 0)
      },
    })
    const gone = (): void => exchange.end('the client has gone')
    response.once('close', gone)
    // It may have gone while its body was read, or its session opened.
    if (request.destroyed && !request.complete) gone()
    exchange.start()
    await exchange.settled
    response.off('close', gone)
  }

  #factsOf(client: ClientRequest, info: RequestInfo): OperationFacts {
    const key = `${client.method} ${client.target.path}?${client.target.search}`
    let facts = this.#facts.get(key)
    if (facts === undefined) {
      facts = requestFacts(info, client.method, client.target)
      if (this.#facts.size >= MAX_KNOWN_FACTS) this.#facts.clear()
      this.#facts.set(key, facts)
    }
    return facts
  }

  /** @returns the code as it is recorded */
  #fail(error: unknown, response: AnyResponse, kube?: KubeSession): string {
    const ended = kube?.session.ended
    if (ended !== undefined) {
      answerStatus(response, { code: 401, reason: 'Unauthorized', message: `sallyport: this session was ended: ${ended}` })
      return '401'
    }
    const known = error instanceof UnmaskableAnswer
      ? { code: 502, reason: 'ServiceUnavailable', message: `sallyport: ${error.message}, so nothing of it was passed on` }
      : errorStatus(error)
    if (known === undefined && !isBroken(error)) this.#services.log.error({ error, session: kube?.session.id }, 'a request failed by an internal error')
    const failure = known ?? (isBroken(error) ? BROKEN : INTERNAL)
    answerStatus(response, failure)
    return String(failure.code)
  }
}

function headersOf({ headers }: ClientRequest, info: RequestInfo, body: RequestBody | undefined, { masks }: KubeSession): ClientRequest['headers'] {
  return {
    ...headers,
    ...(body?.contentType !== undefined && { 'content-type': body.contentType }),
    // Clients make their own of the objects then, with less in it.
    ...(info.isResource && masks.showInTables(resourceOf(info)) && { accept: withoutTables(headers['accept'] ?? '') }),
  }
}

export function targetNames({ targets }: Pick<AdapterServices, 'targets'>): readonly string[] {
  return targets().filter(({ protocol }) => protocol === 'kubernetes').map(({ name }) => name)
}

export function openingOf({ token, targetName, userAgent, purpose }: ClientRequest, request: AnyRequest): Parameters<KubeSessions['for']>[0] {
  return {
    token, target: targetName, clientAddress: request.socket.remoteAddress ?? '', application: userAgent.slice(0, 200),
    ...(purpose !== undefined && { purpose }),
  }
}

/** In a list most texts come again and again. */
function remembering(mask: Replacement): Replacement {
  const known = new Map<string, string>()
  return (text) => {
    if (text.length > MAX_REMEMBERED_CHARACTERS) return mask(text)
    let shown = known.get(text)
    if (shown === undefined) {
      shown = mask(text)
      if (known.size >= MAX_REMEMBERED_TEXTS) known.clear()
      known.set(text, shown)
    }
    return shown
  }
}

/** How an answer is masked before the client gets it. */
export function maskingOf(kube: KubeSession, info: RequestInfo, facts: OperationFacts, maskKey: Uint8Array): Masking {
  const { policy } = kube.session
  const masker = (): Masking | undefined => {
    const text = streamMasker(policy, maskKey)
    return text && { kind: 'text', masker: text }
  }
  if (!info.isResource) return { kind: 'none' }
  const isText = info.subresource === 'log' || info.subresource === 'proxy' || info.verb === 'proxy'
  if (isText) return masker() ?? { kind: 'none' }
  const trees = [
    ...(kube.masks.forAnswer(maskedResourceOf(info), info.subresource) ?? []),
    ...(policy.detectors === undefined ? [] : [{ texts: remembering((text) => maskText(policy, maskKey, text)) }]),
  ]
  if (trees.length === 0) return { kind: 'none' }
  if ((info.verb === 'update' || info.verb === 'patch') && kube.masks.mayBeQuoted(resourceOf(info))) return { kind: 'document', trees, isQuoting: true }
  return { kind: info.verb === 'watch' || facts.actions.includes('watch') ? 'events' : 'document', trees }
}

/** @throws RefusedRequest when what the API server makes of it would tell whether a masked value is the one that was sent */
async function checkMutable(kube: KubeSession, client: ClientRequest, info: RequestInfo, body: RequestBody | undefined, maskKey: Uint8Array): Promise<void> {
  const trees = kube.masks.forObject(resourceOf(info))
  if (body === undefined || trees === undefined || (info.verb !== 'update' && info.verb !== 'patch') || !mayTellImmutable(resourceOf(info), body, trees)) return
  const immutable = await isImmutable(kube, client, info, maskKey)
  if (immutable === false) return
  throw new RefusedRequest(403, 'Forbidden', immutable === true
    ? 'the object is immutable, and whether it takes a masked field tells what is in it. Leave masked fields out, or delete the object and create it anew'
    : 'the API server did not say whether the object is immutable, so nothing masked in it is changed. Try again, or ask an operator whether the gateway may read it')
}

/** @throws RefusedRequest when more would go than was approved */
async function checkCount(kube: KubeSession, client: ClientRequest, info: RequestInfo, maskKey: Uint8Array, rowLimit: number): Promise<void> {
  const count = await countCollection(kube, client, info, maskKey)
  if (count === undefined || count > rowLimit) {
    throw new RefusedRequest(409, 'Conflict', `${count ?? 'an unknown number of'} objects would go now, and ${rowLimit} were approved. Nothing was deleted. Send it again to ask anew`)
  }
}
