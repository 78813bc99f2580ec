import * as contract from '@sallyport/contract'
import { z } from 'zod'
import { agentGroup } from './agent-routes.ts'
import type { DescribedBody, DescribedRoute, SchemaName } from './described-route.ts'
import { ledgerGroup } from './ledger-routes.ts'
import { loginGroup, serviceGroup } from './login-routes.ts'
import { reviewGroup } from './review-routes.ts'
import { sessionGroup } from './session-routes.ts'

/** Every route of the control API, in the order of the reference page. */
export const routeGroups = [sessionGroup, reviewGroup, agentGroup, ledgerGroup, loginGroup, serviceGroup]

const TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded', lines: 'application/x-ndjson' } as const

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: object
  readonly tags: readonly object[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: { readonly schemas: Readonly<Record<string, object>>; readonly securitySchemes: object }
}

/** The control API as an OpenAPI 3.1 document, made of the contract's schemas and the table of routes beside this file. */
export function openApiDocument(version: string): OpenApiDocument {
  const paths: Record<string, Record<string, object>> = {}
  for (const { name, routes } of routeGroups) {
    for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, name)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Sallyport control API', version, license: { name: 'MIT', identifier: 'MIT' },
      description: 'What a caller may not see is not found. Errors say what is wrong and what to do next. Answers are not cached, and there is no CORS.',
    },
    tags: routeGroups.map(({ name, about }) => ({ name, description: about })),
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An identity token of a configured issuer, or a session token.' },
        cookie: { type: 'apiKey', in: 'cookie', name: '__Host-sallyport', description: `Of a person at the console; what changes something also carries ${contract.CSRF_HEADER}.` },
      },
    },
  }
}

/** The contract's schemas by their names. */
export function namedSchemas(): ReadonlyMap<string, z.ZodType> {
  return new Map(Object.entries(contract).flatMap(([name, value]) => (value instanceof z.ZodType ? [[name, value]] : [])))
}

function componentSchemas(): Readonly<Record<string, object>> {
  const registry = z.registry<{ id?: string }>()
  for (const [id, schema] of namedSchemas()) if (id !== 'Days') registry.add(schema, { id })
  // As they are sent, not as they are read: what has a default may be left out, and what is unknown may come with a later version.
  const { schemas } = z.toJSONSchema(registry, { io: 'input', unrepresentable: 'any', uri: (id) => `#/components/schemas/${id}` })
  return Object.fromEntries(Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]))
}

function operationOf({ path, id, summary, who, open, query, parameters, body, status = 200, answer, also }: DescribedRoute, tag: string): object {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }))
  const inQuery = [
    ...(query === undefined ? [] : parametersOf(query)),
    ...Object.entries(parameters ?? {}).map(([name, description]) => ({ name, in: 'query', description, schema: { type: 'string' } })),
  ]
  const more = Object.fromEntries(Object.entries(also ?? {}).map(([code, description]) => [code, { description, ...(code.startsWith('2') && code !== '202' && answer !== undefined && { content: contentOf(answer) }) }]))
  return {
    operationId: id, tags: [tag], summary, description: `For: ${who}.`,
    ...(inPath.length + inQuery.length > 0 && { parameters: [...inPath, ...inQuery] }),
    ...(body !== undefined && { requestBody: { required: true, content: contentOf(body) } }),
    security: open === true ? [] : [{ token: [] }, { cookie: [] }],
    responses: {
      [status]: { description: summary, ...(answer !== undefined && { content: contentOf(answer) }) },
      ...more,
      default: { description: 'What went wrong, and what to do next', content: { 'application/json': { schema: refTo(path.startsWith('/oauth/') ? 'OAuthError' : 'ApiError') } } },
    },
  }
}

function contentOf(body: DescribedBody): object {
  if (body.kind === 'bytes') return { [body.type]: {} }
  if (body.kind === 'text') return { [body.type]: { schema: { type: 'string' }, example: body.example } }
  const content = { schema: refTo(body.schema), example: body.example }
  return body.kind === 'live' ? { [TYPES.lines]: content, 'text/event-stream': content } : { [TYPES[body.kind]]: content }
}

function refTo(name: SchemaName): object {
  return { $ref: `#/components/schemas/${name}` }
}

function parametersOf(name: SchemaName): object[] {
  const { properties = {}, required = [] } = z.toJSONSchema(namedSchemas().get(name) ?? z.never(), { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([key, schema]) => ({ name: key, in: 'query', required: required.includes(key), schema }))
}
