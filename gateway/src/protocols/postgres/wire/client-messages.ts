import { isAscii, isUtf8 } from 'node:buffer'
import { ByteReader, MalformedFrameError } from '../../../bytes/byte-reader.ts'

/** Bodies of frontend messages that the relay must understand. Offsets are into the frame's buffer. */

/** NAMEDATALEN - 1: the target tells names apart by no more than this. */
const NAME_BYTES = 63

/** The last name in ASCII: clients name the same statement again and again, and making a string costs more than comparing one. */
let lastName = ''

/**
 * The name of a statement or portal as the target keeps it: two that are one there must be one here.
 * @throws MalformedFrameError where that cannot be told: bytes that are not UTF-8, or a cut in the midst of characters
 */
function readName(frame: Buffer, reader: ByteReader): string {
  const start = reader.position
  const end = reader.cstringEnd()
  // Most names are empty: unnamed statements and portals.
  if (start === end) return ''
  if (isLastName(frame, start, end)) return lastName
  const bytes = frame.subarray(start, end)
  if (isAscii(bytes)) return (lastName = bytes.toString('latin1', 0, NAME_BYTES))
  if (bytes.length > NAME_BYTES || !isUtf8(bytes)) throw new MalformedFrameError('a name that is not UTF-8, or too long')
  return bytes.toString('utf8')
}

function isLastName(frame: Buffer, start: number, end: number): boolean {
  if (end - start !== lastName.length) return false
  for (let at = start; at < end; at++) if (frame[at] !== lastName.charCodeAt(at - start)) return false
  return true
}

export interface ParseMessage {
  readonly statement: string
  readonly text: Buffer
  /** Where the types of parameters begin. */
  readonly typesAt: number
  /** OIDs; 0 leaves the choice to the target. */
  readonly types: readonly number[]
}

/** Parse: name\0, text\0, int16 count, int32 type oids. */
export function readParse(frame: Buffer, bodyStart: number, end: number): ParseMessage {
  const reader = new ByteReader(frame, bodyStart, end)
  const statement = readName(frame, reader)
  const text = reader.cstringBytes()
  const typesAt = reader.position
  const types = readTypes(reader)
  reader.expectEnd()
  return { statement, text, typesAt, types }
}

const NO_TYPES: readonly number[] = []

function readTypes(reader: ByteReader): readonly number[] {
  const count = reader.int16()
  if (count === 0) return NO_TYPES
  if (count < 0) throw new MalformedFrameError('a negative number of types')
  const types: number[] = []
  for (let n = 0; n < count; n++) types.push(reader.uint32())
  return types
}

/** Oids of the types that a Parse names, from its {@link ParseMessage.typesAt} on. */
export function readTypesSection(section: Buffer | undefined): readonly number[] {
  return section === undefined ? NO_TYPES : readTypes(new ByteReader(section, 0, section.length))
}

/** Query: text\0. */
export function readQuery(frame: Buffer, bodyStart: number, end: number): Buffer {
  const reader = new ByteReader(frame, bodyStart, end)
  const text = reader.cstringBytes()
  reader.expectEnd()
  return text
}

export interface BindMessage {
  readonly portal: string
  readonly statement: string
  /** Where the parameter section begins: see {@link readParameters}. */
  readonly parametersAt: number
}

/** Bind: portal\0, statement\0, formats, values, result formats. Only the names are read here; the server checks the rest. */
export function readBind(frame: Buffer, bodyStart: number, end: number): BindMessage {
  const reader = new ByteReader(frame, bodyStart, end)
  const portal = readName(frame, reader)
  const statement = readName(frame, reader)
  return { portal, statement, parametersAt: reader.position }
}

/**
 * Parameter values of a Bind in readable form: text as it is, binary as `\x` and hexadecimal digits.
 * @param maxBytes of each value that are kept; what is cut is told by its length
 */
export function readParameters(frame: Buffer, at: number, end: number, maxBytes: number): (string | null)[] {
  const reader = new ByteReader(frame, at, end)
  const formats: number[] = []
  const formatCount = reader.int16()
  for (let i = 0; i < formatCount; i++) formats.push(reader.int16())
  const count = reader.int16()
  if (count < 0) throw new MalformedFrameError('a negative number of parameters')
  const values: (string | null)[] = []
  for (let i = 0; i < count; i++) {
    const length = reader.int32()
    if (length === -1) {
      values.push(null)
      continue
    }
    const bytes = reader.take(length)
    const binary = (formats.length === 1 ? formats[0] : formats[i]) === 1
    const kept = length > maxBytes ? bytes.subarray(0, maxBytes) : bytes
    const text = binary ? `\\x${kept.toString('hex')}` : kept.toString('utf8')
    values.push(length > maxBytes ? `${text}… (${length} bytes)` : text)
  }
  return values
}

export interface NamedObject {
  readonly kind: 'statement' | 'portal'
  readonly name: string
}

/** Describe and Close: 'S' or 'P', name\0. */
export function readNamedObject(frame: Buffer, bodyStart: number, end: number): NamedObject {
  const reader = new ByteReader(frame, bodyStart, end)
  const kind = reader.uint8()
  if (kind !== 0x53 && kind !== 0x50) throw new MalformedFrameError('neither a statement nor a portal')
  const name = readName(frame, reader)
  reader.expectEnd()
  return { kind: kind === 0x53 ? 'statement' : 'portal', name }
}

/** Execute: portal\0, int32 row limit. */
export function readExecute(frame: Buffer, bodyStart: number, end: number): string {
  const reader = new ByteReader(frame, bodyStart, end)
  const portal = readName(frame, reader)
  reader.int32()
  reader.expectEnd()
  return portal
}
