/** JSON Schema, as far as the gateway's document uses it. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
}

interface Content {
  readonly schema?: Schema
  readonly example?: unknown
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly description?: string
  readonly required?: boolean
  readonly schema: Schema
}

interface Described {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Content>> }>>
}

/** What `GET /api/v1/openapi.json` answers. */
export interface ApiDocument {
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

export interface Body extends Content {
  readonly type: string
}

export interface Operation extends Pick<Described, 'operationId' | 'summary' | 'description'> {
  readonly method: string
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Body | undefined
  readonly answers: readonly { readonly status: string; readonly words: string; readonly body: Body | undefined }[]
}

/** Routes of one group, as they stand in the document. */
export function operationsOf({ paths }: ApiDocument, tag: string): readonly Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).flatMap(([method, described]) => {
    if (!described.tags.includes(tag)) return []
    const { operationId, summary, description, parameters = [], requestBody, responses } = described
    const answers = Object.entries(responses).filter(([status]) => status !== 'default').map(([status, one]) => ({ status, words: one.description, body: bodyOf(one.content) }))
    return [{ method, path, operationId, summary, description, parameters, body: bodyOf(requestBody?.content), answers }]
  }))
}

function bodyOf(content: Readonly<Record<string, Content>> | undefined): Body | undefined {
  const [first] = Object.entries(content ?? {})
  return first && { type: first[0], ...first[1] }
}

/** Deeper than this the reader looks at the document itself. */
const MAX_DEPTH = 5

/** A schema in a notation that people read: names with types, one a line; `?` after what may be left out. */
export function shapeOf(schema: Schema, api: ApiDocument, depth = 0): string {
  const { $ref, type, items, properties, additionalProperties } = schema
  const within = (one: Schema) => shapeOf(one, api, depth + 1)
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1) ?? ''
    const referred = api.components.schemas[name]
    return referred === undefined || depth > MAX_DEPTH ? name : shapeOf(referred, api, depth)
  }
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return choices.map((one) => shapeOf(one, api, depth)).join(' | ')
  if (schema.allOf !== undefined) return schema.allOf.map((one) => shapeOf(one, api, depth)).join(' & ')
  if (items !== undefined) return `[${shapeOf(items, api, depth)}, …]`
  if (properties !== undefined) {
    if (depth > MAX_DEPTH) return '{…}'
    const pad = '  '.repeat(depth + 1)
    const members = Object.entries(properties).map(([name, one]) => `${pad}${name}${schema.required?.includes(name) === true ? '' : '?'}: ${within(one)}`)
    return `{\n${members.join('\n')}\n${'  '.repeat(depth)}}`
  }
  if (typeof additionalProperties === 'object') return `{ name: ${within(additionalProperties)}, … }`
  return schema.format === 'date-time' ? 'time' : type ?? 'anything'
}
