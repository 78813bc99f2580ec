import { SshReader } from './wire/ssh-reader.ts'
import { SshWriter } from './wire/ssh-writer.ts'

/** SSH_EXTENDED_DATA_STDERR, the only type of extended data there is (RFC 4254 section 5.2). */
export const STDERR = 1

type Field = Buffer | string | number | boolean

/** A message: its number, then fields. Texts and buffers become strings, numbers uint32. */
export function message(number: number, ...fields: readonly Field[]): Buffer {
  return write(number, fields).take()
}

/** The same with the rest of a request as it came behind the fields. */
export function messageWith(number: number, fields: readonly Field[], rest: Buffer): Buffer {
  return write(number, fields).bytes(rest).take()
}

function write(number: number, fields: readonly Field[]): SshWriter {
  const writer = new SshWriter(number)
  for (const field of fields) {
    if (typeof field === 'boolean') writer.boolean(field)
    else if (typeof field === 'number') writer.uint32(field)
    else writer.string(field)
  }
  return writer
}

/** Reads the fields of one message, behind its number. */
export function fieldsOf(payload: Buffer): SshReader {
  return new SshReader(payload, 1)
}

/** CHANNEL_REQUEST behind the channel's number, or GLOBAL_REQUEST (RFC 4254 sections 4 and 5.4). */
export interface PeerRequest {
  readonly type: string
  readonly wantsReply: boolean
  /** What belongs to the type: a view. */
  readonly rest: Buffer
}

/** @throws MalformedFrameError */
export function readRequest(reader: SshReader): PeerRequest {
  const type = reader.text()
  const wantsReply = reader.boolean()
  return { type, wantsReply, rest: reader.take(reader.remaining) }
}
