import type { Schema as JsonSchema } from './api-document.ts'
import { entryNames, yamlPlace } from './yaml-place.ts'

/** The policy document's JSON Schema, as far as completion reads it. */
export interface Schema extends Omit<JsonSchema, 'items' | 'properties' | 'anyOf' | 'additionalProperties'> {
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly anyOf?: readonly Schema[]
  readonly 'x-entry-of'?: string
}

export interface Option {
  readonly label: string
  readonly kind: 'key' | 'word' | 'name'
  /** Of a key: whether it must be there. */
  readonly required: boolean
}

export interface Options {
  /** What is written so far, which an option takes the place of. */
  readonly word: string
  readonly options: readonly Option[]
}

/** What may be written where the cursor stands: keys that are not there yet, words, and names of entries. */
export function policyOptions(text: string, cursor: number, schema: Schema): Options | undefined {
  const place = yamlPlace(text, cursor)
  if (place === undefined) return undefined
  const { path, isValue, word, beside } = place
  const schemas = schemasAt(schema, path, beside)
  const keys = isValue ? [] : schemas.flatMap(({ properties = {}, required = [] }) => Object.keys(properties).filter((key) => key === word || !beside.has(key)).map((label) => option(label, 'key', required.includes(label))))
  const words = schemas.flatMap((one) => [
    ...[...one.enum ?? [], ...('const' in one ? [one.const] : [])].map((value) => option(String(value), 'word')),
    ...(one['x-entry-of'] === undefined ? [] : entryNames(text, one['x-entry-of']).map((name) => option(name, 'name'))),
    ...(one.type === 'boolean' ? [option('true', 'word'), option('false', 'word')] : []),
  ])
  const options = [...new Map([...keys, ...words].map((one) => [one.label, one])).values()]
  return options.length === 0 || (options.length === 1 && options[0]?.label === word) ? undefined : { word, options }
}

function option(label: string, kind: Option['kind'], required = false): Option {
  return { label, kind, required }
}

/** All forms that may stand at a path; of those told apart by a word, such as a target's protocol, the one that is written. */
function schemasAt(schema: Schema, path: readonly string[], beside: ReadonlyMap<string, string>): readonly Schema[] {
  return path.reduce<readonly Schema[]>((found, step) => found.flatMap((one) => (step === '[]' ? one.items : one.properties?.[step]) ?? [])
    .flatMap((one) => formsOf(one, beside)), [schema])
}

function formsOf(schema: Schema, beside: ReadonlyMap<string, string>): readonly Schema[] {
  if (schema.anyOf === undefined) return [schema]
  const told = schema.anyOf.filter(({ properties = {} }) => Object.entries(properties).some(([key, one]) => 'const' in one && one.const === beside.get(key)))
  return (told.length > 0 ? told : schema.anyOf).flatMap((one) => formsOf(one, beside))
}
