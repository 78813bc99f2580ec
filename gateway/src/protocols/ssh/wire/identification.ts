import { MalformedFrameError } from '../../../bytes/byte-reader.ts'

/** RFC 4253 section 4.2: with CR LF. */
const MAX_LINE_BYTES = 255
/** A server may say something before its identification, as lines. */
const MAX_BEFORE_BYTES = 8 * 1024

export interface Identification {
  /** Without CR LF: what goes into the exchange hash. */
  readonly line: string
  /** Where the first packet begins. */
  readonly end: number
}

/**
 * https://www.rfc-editor.org/rfc/rfc4253#section-4.2
 *
 *   | lines that do not begin with "SSH-", from servers only | "SSH-2.0-" software [SP comments] CR LF |
 *
 * @param bytes all that has arrived from a peer so far
 * @returns undefined while it is not complete
 * @throws MalformedFrameError as soon as it cannot become one
 */
export function readIdentification(bytes: Buffer, from: 'client' | 'server'): Identification | undefined {
  let start = 0
  for (;;) {
    const stop = bytes.indexOf(0x0a, start)
    const end = stop === -1 ? bytes.length : stop
    const begins = startsLikeIdentification(bytes, start, end)
    if (!begins && from === 'client') throw new MalformedFrameError('a client did not begin with its SSH version')
    if (begins && end - start >= MAX_LINE_BYTES) throw new MalformedFrameError('an SSH version is too long')
    if (stop === -1) {
      if (bytes.length > MAX_BEFORE_BYTES) throw new MalformedFrameError('a server says too much before its SSH version')
      return undefined
    }
    if (begins) return { line: checkLine(bytes.toString('latin1', start, bytes[stop - 1] === 0x0d ? stop - 1 : stop)), end: stop + 1 }
    if (stop > MAX_BEFORE_BYTES) throw new MalformedFrameError('a server says too much before its SSH version')
    start = stop + 1
  }
}

/** Whether the line is an identification, as far as it has arrived. */
function startsLikeIdentification(bytes: Buffer, start: number, end: number): boolean {
  const length = Math.min(4, end - start)
  return 'SSH-'.startsWith(bytes.toString('latin1', start, start + length)) && (length === 4 || end === bytes.length)
}

function checkLine(line: string): string {
  // 1.99 is how servers that also spoke version 1 named themselves.
  if (!/^SSH-(2\.0|1\.99)-[\x20-\x7e]+$/.test(line)) throw new MalformedFrameError('a peer does not speak SSH 2.0')
  return line
}
