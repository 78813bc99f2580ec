import type { ReplayItem, StreamChunk } from '../../governance/recording/stream.ts'
import { CHANNELS, PIECE_HEADER_BYTES, PIECES } from './transcript.ts'

/** What is claimed to be longer is no piece of ours. */
const MAX_PIECE_BYTES = 128 * 1024 * 1024
/** Operations whose pieces are incomplete, at once. */
const MAX_OPEN = 10_000

interface Place {
  readonly operation: number
  readonly atMs: number
}

/** What a session's agent saw, in words. Bytes that are no pieces are given as they are; nothing makes it throw. */
export async function* replay(chunks: AsyncIterable<StreamChunk>): AsyncGenerator<ReplayItem> {
  const open = new Map<string, Buffer>()
  /** Statuses of answers whose end is still to come, by operation. */
  const statuses = new Map<number, number>()
  for await (const { kind, operation, atMs, bytes } of chunks) {
    const place = { operation, atMs }
    if (kind === 'original') continue
    if (kind === 'limited') {
      yield { kind, ...place, text: bytes.toString('utf8') }
      continue
    }
    const key = `${operation} ${kind}`
    const held = open.get(key)
    open.delete(key)
    const rest = yield* pieces(held === undefined ? bytes : Buffer.concat([held, bytes]), place, kind, statuses)
    if (rest.length === 0) continue
    if (open.size < MAX_OPEN) open.set(key, Buffer.from(rest))
    else yield { kind: kind === 'sent' ? 'input' : 'output', ...place, bytes: rest }
  }
  for (const [key, rest] of open) yield { kind: key.endsWith('sent') ? 'input' : 'output', operation: Number(key.split(' ')[0]), atMs: 0, bytes: rest }
}

/** @returns what is left of an incomplete piece */
function* pieces(bytes: Buffer, place: Place, direction: 'received' | 'sent', statuses: Map<number, number>): Generator<ReplayItem, Buffer> {
  const unread = direction === 'sent' ? 'input' : 'output'
  let at = 0
  while (bytes.length - at >= PIECE_HEADER_BYTES) {
    const length = bytes.readUInt32BE(at + 1)
    if (length > MAX_PIECE_BYTES) {
      yield { kind: unread, ...place, bytes: bytes.subarray(at) }
      return Buffer.alloc(0)
    }
    const end = at + PIECE_HEADER_BYTES + length
    if (bytes.length < end) break
    yield* piece(bytes[at] ?? 0, bytes.subarray(at + PIECE_HEADER_BYTES, end), place, unread, statuses)
    at = end
  }
  return bytes.subarray(at)
}

function* piece(kind: number, content: Buffer, place: Place, unread: 'input' | 'output', statuses: Map<number, number>): Generator<ReplayItem> {
  switch (kind) {
    case PIECES.head:
      if (statuses.size < MAX_OPEN) statuses.set(place.operation, statusOf(content))
      break
    case PIECES.channel:
      yield* channelItem(content, place, unread)
      break
    case PIECES.end: {
      const status = statuses.get(place.operation)
      statuses.delete(place.operation)
      if (status !== undefined) yield { kind: status >= 400 ? 'failed' : 'completed', ...place, text: `HTTP ${status}` }
      break
    }
    default:
      yield { kind: unread, ...place, bytes: content }
  }
}

function statusOf(content: Buffer): number {
  try {
    const { status } = JSON.parse(content.toString('utf8')) as { readonly status?: unknown }
    return typeof status === 'number' ? status : 0
  } catch {
    return 0
  }
}

function* channelItem(content: Buffer, place: Place, unread: 'input' | 'output'): Generator<ReplayItem> {
  const [channel = 0] = content
  const bytes = content.subarray(1)
  if (channel === CHANNELS.result) yield { kind: 'completed', ...place, text: bytes.toString('utf8') }
  else if (channel !== CHANNELS.resize || unread === 'output') yield { kind: unread, ...place, bytes }
  else yield* resizeItem(bytes, place)
}

/** `{"Width":80,"Height":24}`, as the client says it. */
function* resizeItem(bytes: Buffer, place: Place): Generator<ReplayItem> {
  const [, columns] = /"Width":(\d{1,4})\b/.exec(bytes.toString('latin1')) ?? []
  const [, rows] = /"Height":(\d{1,4})\b/.exec(bytes.toString('latin1')) ?? []
  if (columns !== undefined && rows !== undefined) yield { kind: 'resize', ...place, columns: Number(columns), rows: Number(rows) }
}
