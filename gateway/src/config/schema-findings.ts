import { z } from 'zod'
import { closestName } from '../governance/closest-name.ts'
import type { Finding, Path } from './problem.ts'

/** Unknown keys reported for one part; a suggestion is looked for beside each. */
export const MAX_UNKNOWN_KEYS = 20

/** Checks one part of the document. Values never get into a message: the part may hold a secret. */
export function check<Schema extends z.ZodType>(
  schema: Schema, data: unknown, path: Path, findings: Finding[],
): z.output<Schema> | undefined {
  const result = schema.safeParse(data)
  if (result.success) return result.data
  for (const issue of result.error.issues) findings.push(...issueFindings(issue, schema, data, path))
  return undefined
}

function issueFindings(issue: z.core.$ZodIssue, schema: z.ZodType, data: unknown, base: Path): Finding[] {
  const inner = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const path = [...base, ...inner]
  const value = valueAt(data, inner)
  switch (issue.code) {
    case 'unrecognized_keys': {
      const known = keysAt(schema, inner)
      return issue.keys.slice(0, MAX_UNKNOWN_KEYS).map((key) => unknownKey([...path, key], key, known))
    }
    case 'invalid_type':
      return [{ path, message: value === undefined ? missing(inner) : wrongType(issue.expected, value) }]
    case 'invalid_value': {
      const known = issue.values.map(String)
      if (value === undefined) return [{ path, message: missing(inner) }]
      // Only text: a map may have a toString of its own.
      const written = typeof value === 'string' ? value : ''
      return [withSuggestion(path, `expected ${known.map(quoted).join(' or ')}`, written, known)]
    }
    case 'invalid_union': {
      if (value === undefined) return [{ path, message: missing(inner) }]
      const nearest = [...issue.errors].sort((a, b) => a.length - b.length)[0] ?? []
      return nearest.length === 0
        ? [{ path, message: 'this fits none of the possible forms' }]
        : nearest.flatMap((one) => issueFindings({ ...one, path: [...issue.path, ...one.path] }, schema, data, base))
    }
    case 'invalid_key':
      return [{ path, atKey: true, message: issue.issues[0]?.message ?? 'not a possible key' }]
    default:
      return [{ path, message: lowerFirst(issue.message) }]
  }
}

export function unknownKey(path: Path, key: string, known: readonly string[]): Finding {
  const shown = quoted(key.length > 40 ? `${key.slice(0, 40)}…` : key)
  const finding = withSuggestion(path, `unknown key ${shown}`, key, known)
  if (finding.suggestion !== undefined || known.length === 0) return { ...finding, atKey: true }
  return { ...finding, atKey: true, message: `${finding.message}; known here: ${known.join(', ')}` }
}

/** Adds "did you mean" when a known name is near to what was written. */
export function withSuggestion(path: Path, message: string, written: string, known: readonly string[]): Finding {
  const suggestion = closestName(written, known)
  return suggestion === undefined
    ? { path, message }
    : { path, message: `${message}; did you mean ${quoted(suggestion)}?`, suggestion }
}

function missing(inner: Path): string {
  const last = inner.at(-1)
  return last === undefined ? 'this is missing' : `${quoted(String(last))} is missing`
}

function wrongType(expected: string, value: unknown): string {
  const advice = expected === 'string' && value !== null && typeof value !== 'object' ? '; put it in quotes' : ''
  return `expected ${TYPE_WORDS[expected] ?? expected}, found ${typeWord(value)}${advice}`
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list',
  object: 'a map', record: 'a map',
}

function typeWord(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return value === true || value === false ? 'true or false' : (TYPE_WORDS[typeof value] ?? typeof value)
}

function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, step)
      ? (value as Record<string | number, unknown>)[step]
      : undefined, data)
}

/** Keys that a schema knows at a path, for the suggestion beside an unknown one. */
function keysAt(schema: z.core.$ZodType, path: Path): readonly string[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
    || schema instanceof z.ZodPrefault || schema instanceof z.ZodReadonly) return keysAt(schema.unwrap(), path)
  if (schema instanceof z.ZodPipe) {
    return keysAt(schema.in instanceof z.ZodTransform ? schema.out : schema.in, path)
  }
  if (schema instanceof z.ZodUnion) {
    return [...new Set(schema.options.flatMap((option: z.core.$ZodType) => keysAt(option, path)))]
  }
  const [step, ...rest] = path
  if (schema instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(schema.shape)
    const shape: Readonly<Record<string, z.core.$ZodType>> = schema.shape
    const inner = shape[String(step)]
    return inner === undefined ? [] : keysAt(inner, rest)
  }
  if (schema instanceof z.ZodArray && step !== undefined) return keysAt(schema.element, rest)
  if (schema instanceof z.ZodRecord && step !== undefined) return keysAt(schema.valueType, rest)
  return []
}

export function quoted(word: string): string {
  return `"${word}"`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
