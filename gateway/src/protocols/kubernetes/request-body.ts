import { type AnyRequest, type ClientRequest, RefusedRequest } from './client-request.ts'
import { readProtobufObject } from './wire/protobuf-object.ts'
import { isObject, type Json, readStrictJson, UnsureJson } from './wire/strict-json.ts'
import { yamlToJson } from './wire/yaml-to-json.ts'

/** What the API server takes at most, and a little. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024 + 64 * 1024
const READ_TIMEOUT_MS = 60_000

export interface RequestBody {
  /** As they go on: as they came, or for YAML what was read in it. */
  readonly bytes: Buffer
  /** With which they go on where they are not as they came. */
  readonly contentType?: string
  /** Read strictly; absent where the body is for something behind the API server, or there is none. */
  readonly json?: Json
  readonly isJsonPatch: boolean
  /** What it says as JSON text: the bytes themselves, unless they are protobuf. */
  readonly text: Buffer
  /** Protobuf with fields that are not known here. */
  readonly hasUnknown: boolean
}

const PROTOBUF = 'application/vnd.kubernetes.protobuf'
const JSON_TYPES = new Set([
  'application/json', 'application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/json-patch+json',
  'application/apply-patch+yaml', 'application/apply-patch', '',
])
/** YAML with the type of JSON that it is sent on as. The API server reads JSON as YAML where it is an apply. */
const YAML_TYPES: Readonly<Record<string, string>> = {
  'application/yaml': 'application/json', 'application/apply-patch+yaml': 'application/apply-patch+yaml', 'application/apply-patch': 'application/apply-patch+yaml',
}
const OPEN_OBJECT = 0x7b
/** Ends of lines to YAML 1.1, and nothing at all to JSON. */
const OTHER_LINE_ENDS = /[\u0085\u2028\u2029]/

/** @throws RefusedRequest */
export async function readBody(request: AnyRequest, { method, contentType }: ClientRequest, isForApi: boolean): Promise<RequestBody | undefined> {
  const bytes = await collect(request)
  if (bytes.length === 0) return undefined
  if (method === 'GET' || method === 'HEAD') throw new RefusedRequest(400, 'BadRequest', `a ${method} request has no body`)
  if (!isForApi) return { bytes, isJsonPatch: false, text: bytes, hasUnknown: false }
  if (contentType !== PROTOBUF && !JSON_TYPES.has(contentType) && YAML_TYPES[contentType] === undefined) {
    throw new RefusedRequest(415, 'UnsupportedMediaType', 'only bodies in JSON, YAML or protobuf can be examined. Send JSON')
  }
  try {
    if (contentType === PROTOBUF) {
      const { json, hasUnknown } = readProtobufObject(bytes)
      return { bytes, json, isJsonPatch: false, text: Buffer.from(JSON.stringify(json)), hasUnknown }
    }
    return readText(bytes, contentType)
  } catch (error) {
    if (!(error instanceof UnsureJson)) throw error
    throw new RefusedRequest(400, 'BadRequest', `the body cannot be examined: ${error.message}. Send JSON`)
  }
}

/** What goes on is what is judged: for YAML the JSON that was read in it. @throws UnsureJson */
function readText(came: Buffer, contentType: string): RequestBody {
  const yaml = YAML_TYPES[contentType]
  if (yaml === undefined) return { bytes: came, text: came, json: readStrictJson(came), isJsonPatch: contentType === 'application/json-patch+json', hasUnknown: false }
  if (OTHER_LINE_ENDS.test(came.toString())) throw new UnsureJson('it has line ends that only YAML knows. Write them as \\u2028 or \\u0085')
  const bytes = isJsonObject(came) ? came : yamlToJson(came)
  return { bytes, text: bytes, json: readStrictJson(bytes), isJsonPatch: false, hasUnknown: false, contentType: yaml }
}

/** Clients in Go send JSON as an apply. It is JSON by the rules of JSON then, or nothing. */
function isJsonObject(bytes: Buffer): boolean {
  return bytes.find((byte) => byte > 0x20) === OPEN_OBJECT
}

/** DeleteOptions say whether they are only tried. @param member of the body in which they are; they are the body without it */
export function bodyDryRun(json: Json | undefined, member: string | undefined): boolean {
  const options = member === undefined || !isObject(json) ? json : json[member]
  const dryRun = isObject(options) ? options['dryRun'] : undefined
  return Array.isArray(dryRun) && dryRun.length === 1 && dryRun[0] === 'All'
}

function collect(request: AnyRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = []
    let length = 0
    const timer = setTimeout(() => fail(new RefusedRequest(408, 'Timeout', 'the body took too long')), READ_TIMEOUT_MS)
    const fail = (error: Error): void => {
      clearTimeout(timer)
      request.pause()
      reject(error)
    }
    request.on('data', (part: Buffer) => {
      length += part.length
      if (length > MAX_BODY_BYTES) fail(new RefusedRequest(413, 'RequestEntityTooLarge', 'the body is larger than the API server takes'))
      else parts.push(part)
    })
    let isWhole = false
    request.once('end', () => {
      isWhole = true
      clearTimeout(timer)
      resolve(Buffer.concat(parts, length))
    })
    request.once('error', fail)
    request.once('close', () => isWhole || fail(new BodyCutOff()))
  })
}

/** The client went away in the middle. */
class BodyCutOff extends Error {
  readonly code = 'ECONNRESET'
}
