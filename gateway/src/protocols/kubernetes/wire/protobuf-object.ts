import { MESSAGES } from './protobuf-messages.ts'
import { type Json, UnsureJson } from './strict-json.ts'

/**
 * Objects that clients write in protobuf, read into what they are in JSON. Pure. Only to look at: what is sent on are the
 * original bytes, so whatever somebody might read otherwise is refused.
 *
 *     | 'k' 's' '8' 0 | Unknown { 1: TypeMeta { 1: apiVersion, 2: kind }, 2: object, 3: encoding, 4: content type } |
 */
export interface ProtobufObject {
  readonly json: Json
  /** It has fields that are not known here. */
  readonly hasUnknown: boolean
}

interface Field {
  readonly name: string
  readonly kind: 'one' | 'list' | 'map'
  readonly type: string
}

const MAGIC = Buffer.from('k8s\0', 'latin1')
const MAX_DEPTH = 64
const VARINT = 0
const FIXED64 = 1
const BYTES = 2

/** What stands for each group in the table; versions of one group have the same numbers. */
const GROUPS: Readonly<Record<string, string>> = {
  v1: 'core.v1', 'apps/v1': 'apps.v1', 'batch/v1': 'batch.v1', 'batch/v1beta1': 'batch.v1', 'rbac.authorization.k8s.io/v1': 'rbac.v1',
  'authorization.k8s.io/v1': 'authorization.v1', 'authentication.k8s.io/v1': 'authentication.v1',
  // Of these two versions kubectl asks for SelfSubjectReview alone, which is the same in all.
  'authentication.k8s.io/v1beta1': 'authentication.v1', 'authentication.k8s.io/v1alpha1': 'authentication.v1', 'policy/v1': 'policy.v1', 'policy/v1beta1': 'policy.v1',
  'networking.k8s.io/v1': 'networking.v1', 'scheduling.k8s.io/v1': 'scheduling.v1', 'autoscaling/v1': 'autoscaling.v1', 'coordination.k8s.io/v1': 'coordination.v1',
}
const ENVELOPE = fieldsOf('1:typeMeta:type 2:raw:bytes 3:contentEncoding 4:contentType')
const messages = new Map([
  ['type', fieldsOf('1:apiVersion 2:kind')],
  ...MESSAGES.trim().split('\n').map((line) => {
    const space = line.indexOf(' ')
    return space === -1 ? ([line, new Map<number, Field>()] as const) : ([line.slice(0, space), fieldsOf(line.slice(space + 1))] as const)
  }),
])

/** @throws UnsureJson */
export function readProtobufObject(bytes: Buffer): ProtobufObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new UnsureJson('it is no protobuf of Kubernetes')
  const state = { hasUnknown: false }
  const envelope = readMessage(bytes.subarray(MAGIC.length), ENVELOPE, state, 0) as Envelope
  const { typeMeta: { apiVersion = '', kind = '' } = {}, raw = Buffer.alloc(0), contentEncoding = '', contentType = '' } = envelope
  if (state.hasUnknown || contentEncoding !== '' || contentType !== '') throw new UnsureJson('its envelope is unusual')
  const name = kind === 'DeleteOptions' ? 'meta.v1.DeleteOptions' : `${GROUPS[apiVersion] ?? '?'}.${kind}`
  const fields = messages.get(name)
  if (fields === undefined) throw new UnsureJson(`protobuf is not read for ${kind.slice(0, 64) || 'this kind'}`)
  const object = readMessage(raw, fields, state, 0)
  return { json: { apiVersion, kind, ...toJson(object) as object }, hasUnknown: state.hasUnknown }
}

interface Envelope {
  readonly typeMeta?: { readonly apiVersion?: string; readonly kind?: string }
  readonly raw?: Buffer
  readonly contentEncoding?: string
  readonly contentType?: string
}

type Value = string | number | boolean | Buffer | readonly Value[] | { readonly [name: string]: Value }

function readMessage(bytes: Buffer, fields: ReadonlyMap<number, Field>, state: { hasUnknown: boolean }, depth: number): { readonly [name: string]: Value } {
  if (depth > MAX_DEPTH) throw new UnsureJson('it is nested too deeply')
  const found: Record<string, Value> = Object.create(null) as Record<string, Value>
  const reader = new WireReader(bytes)
  while (!reader.isAtEnd) {
    const { number, wireType } = reader.tag()
    const field = fields.get(number)
    if (field === undefined) {
      state.hasUnknown = true
      reader.skip(wireType)
      continue
    }
    const { name, kind, type } = field
    if (kind === 'map') {
      const entry = readMessage(reader.bytes(wireType), new Map([[1, { name: 'key', kind: 'one', type: 'string' }], [2, { name: 'value', kind: 'one', type }]]), state, depth + 1)
      const map = (found[name] ??= Object.create(null) as Record<string, Value>) as Record<string, Value>
      const { key = '' } = entry as { readonly key?: string }
      if (key in map) throw new UnsureJson('a name comes twice in one map')
      map[key] = entry['value'] ?? (type === 'bytes' ? Buffer.alloc(0) : '')
      continue
    }
    const value = readValue(reader, wireType, type, state, depth)
    if (kind === 'list') found[name] = [...((found[name] as readonly Value[] | undefined) ?? []), value]
    else {
      // Decoders merge what comes twice.
      if (name in found) throw new UnsureJson('a field comes twice')
      found[name] = value
    }
  }
  return found
}

function readValue(reader: WireReader, wireType: number, type: string, state: { hasUnknown: boolean }, depth: number): Value {
  switch (type) {
    case 'string':
      return utf8(reader.bytes(wireType))
    case 'bytes':
      return Buffer.from(reader.bytes(wireType))
    case 'opaque':
      return `(${reader.bytes(wireType).length} bytes)`
    case 'bool':
      return reader.varint(wireType) !== 0n
    case 'int32':
    case 'int64': {
      const value = BigInt.asIntN(64, reader.varint(wireType))
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    }
    default: {
      const fields = messages.get(type)
      if (fields === undefined) throw new UnsureJson('a field has an unknown type')
      return readMessage(reader.bytes(wireType), fields, state, depth + 1)
    }
  }
}

class WireReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  tag(): { readonly number: number; readonly wireType: number } {
    const tag = this.varint(VARINT)
    const number = Number(tag >> 3n)
    if (number < 1 || number > 536_870_911) throw new UnsureJson('it is no protobuf')
    return { number, wireType: Number(tag & 7n) }
  }

  varint(wireType: number): bigint {
    if (wireType !== VARINT) throw new UnsureJson('a field has another type than it should')
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) break
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value > 0xffffffffffffffffn) break
        return value
      }
    }
    throw new UnsureJson('it is no protobuf')
  }

  bytes(wireType: number): Buffer {
    if (wireType !== BYTES) throw new UnsureJson('a field has another type than it should')
    const length = this.varint(VARINT)
    if (length > BigInt(this.#bytes.length - this.#at)) throw new UnsureJson('it is no protobuf')
    const start = this.#at
    this.#at += Number(length)
    return this.#bytes.subarray(start, this.#at)
  }

  skip(wireType: number): void {
    if (wireType === VARINT) this.varint(wireType)
    else if (wireType === BYTES) this.bytes(wireType)
    else if (wireType === FIXED64 && this.#at + 8 <= this.#bytes.length) this.#at += 8
    else throw new UnsureJson('it is no protobuf')
  }
}

function fieldsOf(text: string): ReadonlyMap<number, Field> {
  return new Map(text.split(' ').map((field) => {
    const [number = '', name = '', type = ''] = field.split(':')
    const marked = type === '' ? name : type
    const kind = marked.endsWith('[]') ? 'list' : marked.endsWith('{}') ? 'map' : 'one'
    const plain = (part: string): string => part.replace(/\[\]$|\{\}$/, '')
    return [Number(number), { name: plain(name), kind, type: plain(type) || 'string' }]
  }))
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new UnsureJson('a text is no UTF-8')
  }
}

/** Bytes are base64 in JSON. */
function toJson(value: Value): Json {
  if (Buffer.isBuffer(value)) return value.toString('base64')
  if (Array.isArray(value)) return (value as readonly Value[]).map(toJson)
  if (typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, toJson(part)]))
  return value
}
