import { ByteReader, MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { cstring, message, uint32 } from './message-writer.ts'

/**
 * The first packets of a connection have no type byte.
 *
 *   +----------------+-------------------+------------------------------+
 *   | length (int32) | code (int32)      | depends on the code          |
 *   +----------------+-------------------+------------------------------+
 *                      3.0 = 0x00030000    name\0 value\0 … \0
 *                      80877102 cancel     process id, secret key
 *                      80877103 SSLRequest
 *                      80877104 GSSENCRequest
 * https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export const MAX_STARTUP_BYTES = 10_000
export const PROTOCOL_3_0 = 0x0003_0000
export const PROTOCOL_3_2 = 0x0003_0002

export type StartupPacket =
  | { readonly kind: 'startup'; readonly version: number; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: Buffer }
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gssenc' }
  | { readonly kind: 'unsupported'; readonly version: number }

/**
 * @returns undefined while bytes are missing
 * @throws MalformedFrameError
 */
export function readStartupPacket(bytes: Buffer): { packet: StartupPacket; length: number } | undefined {
  if (bytes.length < 4) return undefined
  const length = bytes.readInt32BE(0)
  if (length < 8 || length > MAX_STARTUP_BYTES) throw new MalformedFrameError('invalid length of startup packet')
  if (bytes.length < length) return undefined
  const reader = new ByteReader(bytes, 4, length)
  return { packet: readBody(reader), length }
}

function readBody(reader: ByteReader): StartupPacket {
  const code = reader.uint32()
  if (code === 80877103 || code === 80877104) {
    reader.expectEnd()
    return { kind: code === 80877103 ? 'ssl' : 'gssenc' }
  }
  if (code === 80877102) {
    const processId = reader.int32()
    const secret = Buffer.from(reader.take(reader.remaining))
    if (secret.length < 4 || secret.length > 256) throw new MalformedFrameError('invalid length of cancel key')
    return { kind: 'cancel', processId, secret }
  }
  if (code >>> 16 !== 3) return { kind: 'unsupported', version: code }
  const parameters = new Map<string, string>()
  for (;;) {
    const name = reader.cstring()
    if (name === '') break
    parameters.set(name, reader.cstring())
  }
  reader.expectEnd()
  return { kind: 'startup', version: code, parameters }
}

export function writeStartup(version: number, parameters: ReadonlyMap<string, string>): Buffer {
  const parts = [uint32(version)]
  for (const [name, value] of parameters) parts.push(cstring(name), cstring(value))
  return message(undefined, ...parts, new Uint8Array(1))
}

export function writeSslRequest(): Buffer {
  return message(undefined, uint32(80877103))
}

export function writeCancelRequest(processId: number, secret: Uint8Array): Buffer {
  const pid = Buffer.alloc(4)
  pid.writeInt32BE(processId)
  return message(undefined, uint32(80877102), pid, secret)
}

/**
 * The settings in a startup parameter `options`, split as the server splits it (`pg_split_opts`): at unescaped white
 * space, a backslash taking the next character as it is; then `-c name=value`, `-cname=value` or `--name=value`.
 * @returns undefined when anything else stands in it
 */
export function readOptionSettings(options: string): [name: string, value: string][] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let i = 0; i < options.length; i++) {
    const c = options.charAt(i)
    if (c === '\\') word = (word ?? '') + options.charAt(++i)
    else if (' \t\n\r\f\v'.includes(c)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + c
  }
  if (word !== undefined) words.push(word)
  const settings: [string, string][] = []
  for (let i = 0; i < words.length; i++) {
    const current = words[i] ?? ''
    const assignment = current === '-c' ? words[++i] : current.startsWith('-c') || current.startsWith('--') ? current.slice(2) : undefined
    const equals = assignment?.indexOf('=') ?? -1
    if (assignment === undefined || equals < 1) return undefined
    settings.push([assignment.slice(0, equals).replaceAll('-', '_').toLowerCase(), assignment.slice(equals + 1)])
  }
  return settings
}
