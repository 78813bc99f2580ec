/** Messages to the target, each ending in what it answers by ReadyForQuery. */
import { ByteReader } from '../../../bytes/byte-reader.ts'
import { FRONTEND } from '../wire/message-types.ts'
import { cstring, int16, int32, message, uint32 } from '../wire/message-writer.ts'

/** Parameters as the client bound them. */
export interface BoundParameters {
  /** Types that the client's Parse named; those it left to the target are 0, or missing at the end. */
  readonly types: readonly number[]
  /** Buffer with the Bind frame; see `Portal` in names.ts. */
  readonly bind: Buffer
  readonly parametersAt: number
  readonly bindEnd: number
}

export function simple(text: string): Buffer {
  return message(FRONTEND.query, cstring(text))
}

const SYNC = message(FRONTEND.sync)
const DESCRIBE_STATEMENT = message(FRONTEND.describe, 'S', cstring(''))
const DESCRIBE_PORTAL = (portal: string) => message(FRONTEND.describe, 'P', cstring(portal))
/** No formats, no values. */
const NO_PARAMETERS = Buffer.alloc(4)

/** Asks what types a statement's parameters have. */
export function describe(text: string, types: readonly number[]): Buffer {
  return Buffer.concat([parse(text, types), DESCRIBE_STATEMENT, SYNC])
}

/**
 * Runs a statement with the client's own parameter values; results come as text.
 * @param section see {@link parameterSection}
 * @param maxRows 0: all
 */
export function run(text: string, types: readonly number[], section: Buffer, options: { readonly portal?: string; readonly maxRows?: number } = {}): Buffer {
  const { portal = '', maxRows = 0 } = options
  const bind = message(FRONTEND.bind, cstring(portal), cstring(''), section, int16(0))
  const execute = message(FRONTEND.execute, cstring(portal), int32(maxRows))
  return Buffer.concat([parse(text, types), bind, DESCRIBE_PORTAL(portal), execute, SYNC])
}

/** Formats and values of a Bind, byte for byte. @throws MalformedFrameError */
export function parameterSection(parameters: BoundParameters | undefined): Buffer {
  if (parameters === undefined) return NO_PARAMETERS
  const { bind, parametersAt, bindEnd } = parameters
  const reader = new ByteReader(bind, parametersAt, bindEnd)
  reader.take(2 * reader.int16())
  const count = reader.int16()
  for (let i = 0; i < count; i++) reader.take(Math.max(reader.int32(), 0))
  return bind.subarray(parametersAt, reader.position)
}

function parse(text: string, types: readonly number[]): Buffer {
  return message(FRONTEND.parse, cstring(''), cstring(text), int16(types.length), ...types.map(uint32))
}
