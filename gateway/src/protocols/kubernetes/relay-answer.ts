import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { StreamMasker } from '../../governance/masking/stream/stream-masker.ts'
import { type AnyResponse, answerStatus } from './answers.ts'
import type { KubeSession } from './kube-session.ts'
import { AnswerTooLarge, readAnswer } from './read-answer.ts'
import type { Transcript } from './transcript.ts'
import { maskJson, type MaskTree } from './wire/mask-json.ts'
import { isObject, readStrictJson } from './wire/strict-json.ts'

/** How what comes back is masked. */
export type Masking =
  | { readonly kind: 'none' }
  /** One JSON document; held until it is whole. */
  | { readonly kind: 'document'; readonly trees: readonly MaskTree[]; /** The API server's words, should it refuse, could quote masked values. */ readonly isQuoting?: boolean }
  /** One JSON document a line, as they come. */
  | { readonly kind: 'events'; readonly trees: readonly MaskTree[] }
  | { readonly kind: 'text'; readonly masker: StreamMasker }

/** Of the API server's headers, these go to the client. Never a cookie. */
const PASSED = [
  'content-type', 'warning', 'retry-after', 'audit-id', 'etag', 'last-modified', 'vary', 'cache-control', 'allow', 'location', 'content-disposition',
  'x-kubernetes-pf-flowschema-uid', 'x-kubernetes-pf-prioritylevel-uid',
] as const
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024
const MAX_EVENT_BYTES = 16 * 1024 * 1024
/** Text is held no longer than this to see whether a value goes on. */
const HOLD_MS = 30
const LINE_FEED = 0x0a

/** Of the API conventions, for what comes without one. */
const REASONS: Readonly<Record<number, string>> = { 403: 'Forbidden', 404: 'NotFound', 405: 'MethodNotAllowed', 429: 'TooManyRequests', 503: 'ServiceUnavailable', 504: 'Timeout' }

/** An answer that cannot be masked. Nothing of it goes to the client. */
export class UnmaskableAnswer extends Error {
  override readonly name = 'UnmaskableAnswer'
}

/** @param prefix of the target's paths at the gateway, for a `Location` */
export function answerHeaders(answer: IncomingMessage, prefix: string, isMasked: boolean): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const name of PASSED) {
    const value = answer.headers[name]
    if (value === undefined || (isMasked && name === 'etag')) continue
    if (name === 'location') {
      // A path of the API server is one below the target's name here; elsewhere nobody is sent.
      if (typeof value === 'string' && value.startsWith('/') && !value.startsWith('//')) headers[name] = prefix + value
    } else headers[name] = value
  }
  return headers
}

/**
 * Passes the API server's answer on, at the pace of the client and of the recording.
 * @param signal aborted when the client has gone or the session ends
 * @throws UnmaskableAnswer, and whatever either connection ends with
 */
export async function relayAnswer(answer: IncomingMessage, response: AnyResponse, masking: Masking, prefix: string, transcript: Transcript, kube: KubeSession, signal: AbortSignal): Promise<void> {
  const status = answer.statusCode ?? 502
  if (status === 401) {
    // To the client it would mean that its own token has expired.
    transcript.body(answerStatus(response, { code: 502, reason: 'ServiceUnavailable', message: 'sallyport: the API server does not take the gateway\'s own credential. Tell an operator' }))
    answer.destroy()
    return
  }
  const contentType = answer.headers['content-type'] ?? ''
  const mustBeJson = masking.kind === 'document' || masking.kind === 'events'
  if (mustBeJson && status >= 400 && !isJson(contentType)) {
    // Such as the plain "404 page not found" of a group that is not there.
    answer.destroy()
    transcript.body(answerStatus(response, {
      code: status, reason: REASONS[status] ?? 'Unknown',
      message: `sallyport: the API server answers ${status}, and what it says is left out, because it is no JSON and could not be masked`,
    }))
    return
  }
  if (mustBeJson) checkReadable(answer, contentType)
  // A service behind a proxy may pack what it says, whatever is asked for.
  if (masking.kind === 'text') checkPlain(answer)
  const whole = masking.kind === 'document' ? withoutQuotes(maskWhole(await readWhole(answer), masking.trees, transcript), status, masking) : undefined
  transcript.head(status, contentType)
  const length = whole?.length ?? (masking.kind === 'none' ? answer.headers['content-length'] : undefined)
  const headers = answerHeaders(answer, prefix, masking.kind !== 'none')
  // The gateway's own, which is there already, beside those of the API server.
  const warnings = [response.getHeader('warning'), headers['warning']].filter((one) => one !== undefined)
  response.writeHead(status, { ...headers, ...(warnings.length > 0 && { warning: warnings.join(', ') }), ...(length !== undefined && { 'content-length': String(length) }) })
  // A watch says nothing for a long time, and its client wants to know that it has begun.
  response.flushHeaders()
  const send = async (bytes: Buffer): Promise<void> => {
    if (bytes.length === 0) return
    transcript.body(bytes)
    if (!response.write(bytes)) await once(response, 'drain', { signal })
    await kube.room()
  }
  if (whole !== undefined) await send(whole)
  else if (masking.kind === 'text') await relayText(answer, masking.masker, send).finally(() => (transcript.masked += masking.masker.masked))
  else if (masking.kind === 'events') await relayEvents(answer, (event) => maskWhole(event, masking.trees, transcript), send)
  else for await (const part of answer as AsyncIterable<Buffer>) await send(part)
  response.end()
}

async function relayText(answer: IncomingMessage, masker: StreamMasker, send: (bytes: Buffer) => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let flushing: Promise<void> = Promise.resolve()
  const flush = async (): Promise<void> => send(masker.flush())
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      clearTimeout(timer)
      await flushing
      await send(masker.push(part))
      if (!masker.holding) continue
      timer = setTimeout(() => {
        flushing = flush()
        // Heard of by whoever waits for it next.
        flushing.catch(() => undefined)
      }, HOLD_MS)
    }
  } finally {
    clearTimeout(timer)
  }
  await flushing
  await send(masker.end())
}

async function relayEvents(answer: IncomingMessage, mask: (event: Buffer) => Buffer, send: (bytes: Buffer) => Promise<void>): Promise<void> {
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    let from = 0
    for (let end = part.indexOf(LINE_FEED); end !== -1; end = part.indexOf(LINE_FEED, from)) {
      held.push(part.subarray(from, end + 1))
      await send(mask(Buffer.concat(held)))
      held = []
      heldBytes = 0
      from = end + 1
    }
    if (from < part.length) held.push(part.subarray(from))
    heldBytes += part.length - from
    if (heldBytes > MAX_EVENT_BYTES) throw new UnmaskableAnswer('an event is too large to be masked')
  }
  const rest = Buffer.concat(held)
  if (rest.length > 0) await send(mask(rest))
}

function checkReadable(answer: IncomingMessage, contentType: string): void {
  checkPlain(answer)
  if (!isJson(contentType)) {
    answer.destroy()
    throw new UnmaskableAnswer('the API server did not answer in JSON')
  }
}

function isJson(contentType: string): boolean {
  return contentType.split(';')[0]?.trim().toLowerCase() === 'application/json'
}

function checkPlain(answer: IncomingMessage): void {
  if ((answer.headers['content-encoding'] ?? 'identity') === 'identity') return
  answer.destroy()
  throw new UnmaskableAnswer('the answer came packed, in which nothing can be masked')
}

async function readWhole(answer: IncomingMessage): Promise<Buffer> {
  try {
    return await readAnswer(answer, MAX_DOCUMENT_BYTES)
  } catch (error) {
    if (error instanceof AnswerTooLarge) throw new UnmaskableAnswer('the answer is too large to be masked. Ask for less at once, with limit')
    throw error
  }
}

/** Of the API server's reasons, those whose words hold nothing of an object but its name. */
const PLAIN_REASONS = new Set([
  'NotFound', 'AlreadyExists', 'Conflict', 'Unauthorized', 'Forbidden', 'Gone', 'Expired', 'Timeout', 'ServerTimeout', 'TooManyRequests', 'MethodNotAllowed', 'NotAcceptable', 'UnsupportedMediaType',
  'RequestEntityTooLarge', 'ServiceUnavailable',
])
const words = (): string => 'the API server\'s words are left out, because they could quote a masked value'
const QUOTES: readonly MaskTree[] = [{
  names: new Map([['message', { replace: words }], ['details', { names: new Map([['causes', { items: { names: new Map([['message', { replace: words }]]) } }]]) }]]),
}]

/** A refusal of a change to a pod shows old and new side by side. */
function withoutQuotes(bytes: Buffer, status: number, { isQuoting = false }: { readonly isQuoting?: boolean }): Buffer {
  if (status < 400 || !isQuoting) return bytes
  const json = readStrictJson(bytes)
  return isObject(json) && typeof json['reason'] === 'string' && PLAIN_REASONS.has(json['reason']) ? bytes : maskJson(bytes, QUOTES)
}

function maskWhole(bytes: Buffer, trees: readonly MaskTree[], transcript: Transcript): Buffer {
  if (bytes.every((byte) => byte <= 0x20)) return bytes
  try {
    return maskJson(bytes, trees, () => transcript.masked++)
  } catch (cause) {
    throw new UnmaskableAnswer('the answer cannot be read as JSON', { cause })
  }
}
