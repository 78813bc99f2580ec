import type { z } from 'zod'
import { parseSecretReference } from '../governance/policy/secret-reference.ts'
import type { TargetEntry } from '../governance/policy/policy-document.ts'
import type { Finding, Path } from './problem.ts'
import { check, MAX_UNKNOWN_KEYS, unknownKey, withSuggestion } from './schema-findings.ts'
import { type recordSchema, targetBaseSchema } from './policy-schemas.ts'
import { SECRET_IN_CLEAR } from './value-schemas.ts'

/** What the configuration needs to know of a protocol; see `ProtocolAdapter`. */
export interface TargetKind {
  readonly name: string
  readonly defaultPort: number
  readonly targetSchema: z.ZodObject
  /** True when what it answers has no text streams, so that detectors never hold. */
  readonly streamless?: true
}

/** Checks one target: the settings every target has here, the others by the schema of its protocol. */
export function targetEntry(
  data: unknown, path: Path, kinds: readonly TargetKind[], findings: Finding[],
): TargetEntry | undefined {
  const before = findings.length
  if (!isMap(data)) {
    check(targetBaseSchema, data, path, findings)
    return undefined
  }
  findings.push(...secretsInClear(data, path))
  const ofEvery = Object.keys(targetBaseSchema.shape)
  const settings = Object.fromEntries(Object.entries(data).filter(([key]) => !ofEvery.includes(key)))
  const base = check(targetBaseSchema, Object.fromEntries(Object.entries(data).filter(([key]) => ofEvery.includes(key))), path, findings)
  const { protocol } = data
  const kind = kinds.find((candidate) => candidate.name === protocol)
  if (kind === undefined) {
    const known = kinds.map((candidate) => candidate.name)
    if (typeof protocol === 'string') {
      const message = `there is no such protocol, only ${known.join(', ')}`
      findings.push(withSuggestion([...path, 'protocol'], message, protocol, known))
    }
    return undefined
  }
  const { shape } = kind.targetSchema
  const known = [...ofEvery, ...Object.keys(shape)]
  const unknown = Object.keys(settings).filter((key) => !Object.hasOwn(shape, key))
  findings.push(...unknown.slice(0, MAX_UNKNOWN_KEYS).map((key) => unknownKey([...path, key], key, known)))
  const recognised = Object.fromEntries(Object.entries(settings).filter(([key]) => Object.hasOwn(shape, key)))
  if ('port' in shape && !('port' in recognised)) recognised['port'] = kind.defaultPort
  const read = check(kind.targetSchema, recognised, path, findings)
  return base !== undefined && read !== undefined && findings.length === before ? { ...read, ...entryOf(base) } : undefined
}

function entryOf({ retention, record, ...base }: z.output<typeof targetBaseSchema>): TargetEntry {
  return { ...base, ...(record && { record: recordOf(record) }), ...(retention !== undefined && { retentionMs: retention }) }
}

function recordOf({ rows, files, originals }: z.output<typeof recordSchema>): NonNullable<TargetEntry['record']> {
  return { rows, ...(files && { files }), ...(originals && { originals }) }
}

/** Keys that hold a secret whatever the protocol; an adapter's own schema may know more of them. */
const SECRET_KEYS = new Set([
  'password', 'passphrase', 'secret', 'token', 'clientsecret', 'privatekey', 'apikey', 'accesskey', 'secretkey', 'key',
])

function secretsInClear(data: Readonly<Record<string, unknown>>, path: Path): Finding[] {
  return Object.entries(data).flatMap(([key, value]): Finding[] => {
    const here = [...path, key]
    if (isMap(value)) return key === 'labels' ? [] : secretsInClear(value, here)
    const secret = SECRET_KEYS.has(key.toLowerCase().replaceAll(/[-_]/g, ''))
    const refers = typeof value === 'string' && parseSecretReference(value) !== undefined
    return secret && !refers && value !== null ? [{ path: here, message: SECRET_IN_CLEAR }] : []
  })
}

function isMap(data: unknown): data is Readonly<Record<string, unknown>> {
  return typeof data === 'object' && data !== null && !Array.isArray(data)
}
