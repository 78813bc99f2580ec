import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { type Attributes, readAttributes } from './attributes.ts'
import { FXP, MAX_HANDLE_BYTES, MAX_PATH_BYTES, OPEN_FLAGS } from './message-types.ts'
import { PacketReader } from './packet-reader.ts'

/** Requests that name a file by its path. */
export type PathRequestName =
  | 'open' | 'opendir' | 'stat' | 'lstat' | 'realpath' | 'expand-path' | 'readlink' | 'statvfs'
  | 'remove' | 'rmdir' | 'mkdir' | 'rename' | 'posix-rename' | 'symlink' | 'hardlink' | 'setstat' | 'lsetstat'

export interface PathRequest {
  readonly kind: 'path'
  readonly name: PathRequestName
  /** Bytes as Latin-1. Two for rename, hardlink and symlink (whose first is what the link says). */
  readonly paths: readonly string[]
  readonly openFlags: number
  readonly attributes: Attributes | undefined
}

export interface HandleRequest {
  readonly kind: 'handle'
  readonly name: 'close' | 'read' | 'write' | 'fstat' | 'fsetstat' | 'readdir' | 'fstatvfs' | 'fsync'
  /** Bytes as Latin-1. */
  readonly handle: string
  readonly offset: number
  /** Bytes asked for, or sent. */
  readonly length: number
  readonly attributes: Attributes | undefined
}

/** Copies within the target, between two open files. */
export interface CopyRequest {
  readonly kind: 'copy'
  readonly from: string
  readonly to: string
  readonly fromOffset: bigint
  /** 0: to the end. */
  readonly length: bigint
  readonly toOffset: bigint
}

/** Asks about accounts: the home of a user, the names of users and groups. */
export interface AccountRequest {
  readonly kind: 'account'
  readonly name: 'home-directory' | 'users-groups-by-id'
  /** Bytes as Latin-1; empty for the latter. */
  readonly user: string
}

export type SftpRequest =
  | PathRequest | HandleRequest | CopyRequest | AccountRequest
  /** Asks for what the server can take. Touches nothing. */
  | { readonly kind: 'limits' }
  | { readonly kind: 'unsupported'; readonly name: string }

/** Extended requests that are understood, and the extension that a server announces for each. */
export const EXTENSIONS: ReadonlySet<string> = new Set([
  'posix-rename@openssh.com', 'statvfs@openssh.com', 'fstatvfs@openssh.com', 'hardlink@openssh.com', 'fsync@openssh.com',
  'lsetstat@openssh.com', 'limits@openssh.com', 'expand-path@openssh.com', 'copy-data', 'home-directory',
  'users-groups-by-id@openssh.com',
])

const OPEN_MASK = Object.values(OPEN_FLAGS).reduce((all, flag) => all | flag, 0)
/** What JavaScript still counts one by one; no file is that long. */
const MAX_OFFSET = BigInt(Number.MAX_SAFE_INTEGER) - 0x1_0000_0000n

/**
 * Reads one request of a client.
 *
 *     byte type, uint32 id, then by type (section 6; for extensions PROTOCOL of OpenSSH, section 4)
 *
 * @param reader stands behind the id
 * @throws MalformedFrameError when a field lies beyond the packet, bytes are left over, or a value cannot be
 */
export function readRequest(type: number, reader: PacketReader): SftpRequest {
  const request = readBody(type, reader)
  if (request.kind !== 'unsupported') reader.expectEnd()
  return request
}

function readBody(type: number, reader: PacketReader): SftpRequest {
  switch (type) {
    case FXP.open: return open(reader)
    case FXP.close: return onHandle('close', reader)
    case FXP.read: return { ...onHandle('read', reader), offset: offset(reader), length: reader.uint32() }
    case FXP.write: return write(reader)
    case FXP.lstat: return onPath('lstat', [path(reader)])
    case FXP.fstat: return onHandle('fstat', reader)
    case FXP.setstat: return onPath('setstat', [path(reader)], readAttributes(reader))
    case FXP.fsetstat: return { ...onHandle('fsetstat', reader), attributes: readAttributes(reader) }
    case FXP.opendir: return onPath('opendir', [path(reader)])
    case FXP.readdir: return onHandle('readdir', reader)
    case FXP.remove: return onPath('remove', [path(reader)])
    case FXP.mkdir: return onPath('mkdir', [path(reader)], readAttributes(reader))
    case FXP.rmdir: return onPath('rmdir', [path(reader)])
    case FXP.realpath: return onPath('realpath', [path(reader)])
    case FXP.stat: return onPath('stat', [path(reader)])
    case FXP.rename: return onPath('rename', [path(reader), path(reader)])
    case FXP.readlink: return onPath('readlink', [path(reader)])
    case FXP.symlink: return onPath('symlink', [path(reader), path(reader)])
    case FXP.extended: return extended(reader.string().toString('latin1'), reader)
    default: return { kind: 'unsupported', name: `message ${type}` }
  }
}

function extended(name: string, reader: PacketReader): SftpRequest {
  switch (name) {
    case 'posix-rename@openssh.com': return onPath('posix-rename', [path(reader), path(reader)])
    case 'statvfs@openssh.com': return onPath('statvfs', [path(reader)])
    case 'fstatvfs@openssh.com': return onHandle('fstatvfs', reader)
    case 'hardlink@openssh.com': return onPath('hardlink', [path(reader), path(reader)])
    case 'fsync@openssh.com': return onHandle('fsync', reader)
    case 'lsetstat@openssh.com': return onPath('lsetstat', [path(reader)], readAttributes(reader))
    case 'limits@openssh.com': return { kind: 'limits' }
    case 'expand-path@openssh.com': return onPath('expand-path', [path(reader)])
    case 'copy-data': return copy(reader)
    case 'home-directory': return { kind: 'account', name, user: path(reader) }
    case 'users-groups-by-id@openssh.com': {
      reader.string()
      reader.string()
      return { kind: 'account', name: 'users-groups-by-id', user: '' }
    }
    default: return { kind: 'unsupported', name: 'this extension' }
  }
}

function onPath(name: PathRequestName, paths: readonly string[], attributes?: Attributes): PathRequest {
  return { kind: 'path', name, paths, openFlags: 0, attributes }
}

function onHandle(name: HandleRequest['name'], reader: PacketReader): HandleRequest {
  return { kind: 'handle', name, handle: handle(reader), offset: 0, length: 0, attributes: undefined }
}

function open(reader: PacketReader): PathRequest {
  const paths = [path(reader)]
  const openFlags = reader.uint32()
  if ((openFlags & ~OPEN_MASK) !== 0) throw new MalformedFrameError('an open has flags that version 3 does not know')
  return { kind: 'path', name: 'open', paths, openFlags, attributes: readAttributes(reader) }
}

function write(reader: PacketReader): HandleRequest {
  const request = onHandle('write', reader)
  const at = offset(reader)
  return { ...request, offset: at, length: reader.string().length }
}

/** `uint64 read-offset` and so on, as in draft-ietf-secsh-filexfer-extensions-00, section 7. */
function copy(reader: PacketReader): CopyRequest {
  const from = handle(reader)
  const fromOffset = reader.uint64()
  const length = reader.uint64()
  const to = handle(reader)
  return { kind: 'copy', from, fromOffset, length, to, toOffset: reader.uint64() }
}

/** A server takes what comes before a NUL for the whole path, or breaks off. */
function path(reader: PacketReader): string {
  const bytes = reader.string()
  if (bytes.length > MAX_PATH_BYTES) throw new MalformedFrameError(`a path is longer than ${MAX_PATH_BYTES} bytes`)
  if (bytes.includes(0)) throw new MalformedFrameError('a path contains a NUL byte')
  return bytes.toString('latin1')
}

function handle(reader: PacketReader): string {
  const bytes = reader.string()
  if (bytes.length > MAX_HANDLE_BYTES) throw new MalformedFrameError(`a handle is longer than ${MAX_HANDLE_BYTES} bytes`)
  return bytes.toString('latin1')
}

function offset(reader: PacketReader): number {
  const value = reader.uint64()
  if (value > MAX_OFFSET) throw new MalformedFrameError('an offset lies beyond any file')
  return Number(value)
}

/** The beginning of a WRITE, as far as its data: enough to send it on before the rest of it has come. */
export interface WriteHead {
  readonly handle: string
  readonly offset: number
  readonly length: number
  /** Where the data begins. */
  readonly dataAt: number
}

/**
 * @param start where the packet begins, at its length
 * @returns undefined while not all of the head is there
 * @throws MalformedFrameError when the lengths contradict each other
 */
export function readWriteHead(bytes: Buffer, start: number, end: number, packetBytes: number): WriteHead | undefined {
  // Length, type and id, the handle's length; then the handle, offset and length of the data.
  if (end - start < 13) return undefined
  const handleBytes = bytes.readUInt32BE(start + 9)
  if (handleBytes > MAX_HANDLE_BYTES) throw new MalformedFrameError(`a handle is longer than ${MAX_HANDLE_BYTES} bytes`)
  const dataAt = start + 13 + handleBytes + 12
  if (dataAt > end) return undefined
  const reader = new PacketReader(bytes, start + 9, dataAt)
  const name = handle(reader)
  const at = offset(reader)
  const length = reader.uint32()
  if (dataAt - start + length !== packetBytes) throw new MalformedFrameError('a write is longer or shorter than its data')
  return { handle: name, offset: at, length, dataAt }
}
