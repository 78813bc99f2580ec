interface Content { readonly schema?: { readonly $ref?: string } }
interface Described {
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Content>> }>>
}

const HEAD = `// Made of the gateway's OpenAPI document, and compared with it by console/test/api-routes.test.ts (WRITE_REFERENCE=1 writes it anew).
import type * as contract from '@sallyport/contract'

/** Every route of the control API: what is sent, what is answered, and what each line of an answer is. */
export type ApiRoute =
`

/** The routes of an OpenAPI document as a union of types, in which a part of a path that varies is any text. */
export function describeApiRoutes(paths: Readonly<Record<string, Readonly<Record<string, object>>>>): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, route]) => {
    const { requestBody, responses } = route as Described
    const pattern = path.includes('{') ? `\`${path.replaceAll(/\{\w+\}/g, '${string}')}\`` : `'${path}'`
    const answer = responses[Object.keys(responses).find((status) => status.startsWith('2')) ?? '']?.content
    const body = requestBody?.content
    const sent = body === undefined ? undefined : 'application/yaml' in body ? 'string' : nameIn(body, 'application/json', (name) => `contract.Sent<typeof contract.${name}>`)
    return [
      `  | { readonly method: '${method.toUpperCase()}'; readonly path: ${pattern}`,
      ...(sent === undefined ? [] : [`; readonly body: ${sent}`]),
      `; readonly answer: ${nameIn(answer, 'application/json', contractType) ?? (answer !== undefined && 'application/json' in answer ? 'unknown' : 'undefined')}`,
      nameIn(answer, 'application/x-ndjson', (name) => `; readonly line: ${contractType(name)}`) ?? '',
      ' }\n',
    ].join('')
  }))
  return HEAD + routes.join('')
}

const contractType = (name: string): string => `contract.${name}`

function nameIn(content: Readonly<Record<string, Content>> | undefined, type: string, write: (name: string) => string): string | undefined {
  const name = content?.[type]?.schema?.$ref?.split('/').at(-1)
  return name === undefined ? undefined : write(name)
}
