/** What a form needs of JSON Schema 2020-12: the gateway's own schemas of a target's entry, made from those that it checks by. */
export interface EntrySchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly string[]
  readonly anyOf?: readonly EntrySchema[]
  readonly properties?: Readonly<Record<string, EntrySchema>>
  readonly required?: readonly string[]
  readonly default?: unknown
  readonly description?: string
  readonly format?: string
  readonly minimum?: number
  readonly maximum?: number
}

export type Values = Readonly<Record<string, unknown>>

/** How a value is asked for. `forms`: one of several shapes. `pairs`: names with values. */
export type FieldKind = 'fixed' | 'choice' | 'switch' | 'number' | 'group' | 'forms' | 'pairs' | 'list' | 'text'

export function kindOf({ type, const: fixed, enum: choices, anyOf, properties }: EntrySchema): FieldKind {
  if (fixed !== undefined) return 'fixed'
  if (choices !== undefined) return 'choice'
  if (properties !== undefined) return 'group'
  if (anyOf?.every((form) => form.properties !== undefined) === true) return 'forms'
  if (type === 'object') return 'pairs'
  if (type === 'array') return 'list'
  if (type === 'boolean') return 'switch'
  return type === 'integer' || type === 'number' ? 'number' : 'text'
}

/** Names of the forms of a value, each by what it alone asks for. */
export function formNames(forms: readonly EntrySchema[]): readonly string[] {
  return forms.map(({ required = [] }, at) => required.find((key) => forms.every(({ properties = {} }, other) => other === at || !(key in properties))) ?? required.join(' and '))
}

/** Which form a value has; the first when it could be any. */
export function formOf(forms: readonly EntrySchema[], value: unknown): number {
  const keys = Object.keys(asValues(value))
  return Math.max(0, forms.findIndex(({ properties = {} }) => keys.every((key) => key in properties)))
}

/** Goes over to another form: what both ask for stays. What it alone asks for is there, empty, and tells it from the others. */
export function toForm(forms: readonly EntrySchema[], value: unknown, at: number): Values {
  const { properties = {} } = forms[at] ?? {}
  const own = formNames(forms)[at] ?? ''
  const kept = Object.entries(asValues(value)).filter(([key]) => key in properties)
  return { ...Object.fromEntries(kept), [own]: kindOf(properties[own] ?? {}) === 'group' ? {} : '' }
}

/** The entry as it would stand in the document: in the schema's order, without what was left empty or is the default. */
export function entryOf(schema: EntrySchema, value: unknown): unknown {
  switch (kindOf(schema)) {
    case 'fixed': return schema.const
    case 'group': return groupOf(schema, asValues(value), false)
    case 'forms': {
      const forms = schema.anyOf ?? []
      return groupOf(forms[formOf(forms, value)] ?? {}, asValues(value), true)
    }
    case 'pairs': return Object.keys(asValues(value)).length === 0 ? undefined : value
    case 'list': return Array.isArray(value) && value.length > 0 ? value : undefined
    case 'text': return value === '' ? undefined : value
    default: return value === schema.default ? undefined : value
  }
}

/** @param oneOfSeveral keeps what is required and empty, by which the gateway tells which form is meant */
function groupOf(schema: EntrySchema, values: Values, oneOfSeveral: boolean): Values | undefined {
  const { properties = {}, required = [] } = schema
  const entries = Object.entries(properties).flatMap(([key, inner]): [string, unknown][] => {
    const isWanted = required.includes(key) && oneOfSeveral && values[key] !== undefined
    const isNested = kindOf(inner) === 'group' || kindOf(inner) === 'forms'
    if (values[key] === undefined && kindOf(inner) !== 'fixed' && !(isNested && required.includes(key))) return []
    const made = entryOf(inner, values[key])
    return made === undefined ? (isWanted ? [[key, '']] : []) : [[key, made]]
  })
  return entries.length === 0 && schema.default !== undefined ? undefined : Object.fromEntries(entries)
}

export function asValues(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value as Values : {}
}

/** A value of a plain kind as it is typed. */
export function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
}

const SHORT = new Set(['tls', 'ca'])

/** `serverName` as people read it. */
export function labelOf(key: string): string {
  if (SHORT.has(key)) return key.toUpperCase()
  const words = key.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** The field that a problem is at: that of the whole list for one of its items. */
export function fieldOf(path: string): string {
  return path.replaceAll(/\[\d+\].*$/g, '')
}
