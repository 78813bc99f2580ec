import { FXP, VERSION } from './message-types.ts'

/** Packets of the gateway's own. Strings are bytes. */

/** `uint32 length, byte type, uint32 id, …` */
function packet(type: number, id: number, ...fields: readonly Buffer[]): Buffer {
  const length = fields.reduce((sum, field) => sum + field.length, 5)
  const head = Buffer.allocUnsafe(9)
  head.writeUInt32BE(length, 0)
  head.writeUInt8(type, 4)
  head.writeUInt32BE(id, 5)
  return Buffer.concat([head, ...fields], length + 4)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value, 0)
  return bytes
}

function string(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Section 7: STATUS. */
export function writeStatus(id: number, code: number, words: string): Buffer {
  return packet(FXP.status, id, uint32(code), string(Buffer.from(words)), string(Buffer.from('en')))
}

/** Section 4: what the gateway begins with at the target. */
export function writeInit(): Buffer {
  return packet(FXP.init, VERSION)
}

/** Section 4: VERSION, with the extensions that the client may use. */
export function writeVersion(extensions: readonly (readonly [name: Buffer, data: Buffer])[]): Buffer {
  return packet(FXP.version, VERSION, ...extensions.flatMap(([name, data]) => [string(name), string(data)]))
}

/** Section 6.11: REALPATH. */
export function writeRealpath(id: number, path: Buffer): Buffer {
  return packet(FXP.realpath, id, string(path))
}

/** Section 7: NAME with one name and no attributes, as an answer to REALPATH. */
export function writeName(id: number, path: Buffer): Buffer {
  return packet(FXP.name, id, uint32(1), string(path), string(path), uint32(0))
}

/** PROTOCOL of OpenSSH, section 4.9: like REALPATH, and knows `~`. */
export function writeExpandPath(id: number, path: Buffer): Buffer {
  return packet(FXP.extended, id, string(Buffer.from('expand-path@openssh.com')), string(path))
}

/** Section 7: HANDLE. */
export function writeHandle(id: number, handle: Buffer): Buffer {
  return packet(FXP.handle, id, string(handle))
}

/** Section 6.3: CLOSE. */
export function writeClose(id: number, handle: Buffer): Buffer {
  return packet(FXP.close, id, string(handle))
}
