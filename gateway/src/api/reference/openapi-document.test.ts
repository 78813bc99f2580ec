import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import type { ApiServices } from '../api-services.ts'
import { createApi } from '../create-api.ts'
import type { DescribedBody } from './described-route.ts'
import { namedSchemas, openApiDocument, routeGroups } from './openapi-document.ts'

interface Part { readonly content?: Readonly<Record<string, object>> }

/** With all that adds routes: logins by OpenID Connect and by SAML. */
const api = createApi({ webLogin: {}, samlLogin: {}, version: '1.2.3' } as unknown as ApiServices)
const described = routeGroups.flatMap(({ routes }) => routes)

describe('the OpenAPI document', () => {
  it('has every route that the control API answers, and no other', () => {
    const known = api.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) =>
      `${method} ${path.replaceAll(/:(\w+)/g, '{$1}').replace('/ledger/tile/*', '/ledger/tile/{path}')}`)
    assert.deepEqual([...new Set(known)].toSorted(), described.map(({ method, path }) => `${method.toUpperCase()} ${path}`).toSorted())
  })

  it('gives examples that the schemas take', () => {
    const schemas = namedSchemas()
    const wrong = (body: DescribedBody | undefined) => {
      if (body === undefined || !('schema' in body)) return undefined
      const parsed = schemas.get(body.schema)?.safeParse(body.example)
      return parsed?.success === true ? undefined : parsed?.error?.message ?? 'no such schema'
    }
    const examples = described.flatMap(({ id, body, answer }) => [[id, 'body', wrong(body)], [id, 'answer', wrong(answer)]])
    assert.deepEqual(examples.filter(([, , problem]) => problem !== undefined), [])
    for (const [status, { answer, id }] of described.map((route) => [route.status ?? 200, route] as const)) {
      assert.ok(answer !== undefined || [204, 302, 303, 400].includes(status) || id === 'revokeHeldToken', `${id} tells what it answers`)
    }
  })

  it('is valid to a validator of others', async () => {
    const check = async (document: object) => new Validator().validate(structuredClone(document) as Record<string, unknown>)
    const document = openApiDocument('1.2.3')
    assert.deepEqual(await check(document), { valid: true })
    assert.equal((await check({ ...document, paths: { '/x': { get: { responses: { 200: {} } } } } })).valid, false, 'a description is missing')
  })

  it('has every part of a path among its parameters, and an example of every body that has a schema', () => {
    for (const [path, methods] of Object.entries(openApiDocument('1').paths)) {
      for (const route of Object.values(methods) as { parameters?: { name: string; in: string }[]; requestBody?: Part; responses: Record<string, Part> }[]) {
        const inPath = (route.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => `{${name}}`)
        assert.deepEqual(inPath, path.match(/\{\w+\}/g) ?? [], path)
        const { default: _error, ...answers } = route.responses
        for (const part of [route.requestBody, ...Object.values(answers)]) {
          for (const content of Object.values(part?.content ?? {})) assert.ok(!('schema' in content) || 'example' in content, path)
        }
      }
    }
  })

  it('refers to nothing that is not in it, and names each route once', () => {
    const document = openApiDocument('1.2.3')
    const text = JSON.stringify(document)
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) assert.ok(name !== undefined && name in document.components.schemas, name)
    assert.equal([...text.matchAll(/"\$ref":"(?!#\/components\/schemas\/\w+")/g)].length, 0)
    assert.equal(new Set(described.map(({ id }) => id)).size, described.length)
    assert.equal(document.openapi, '3.1.0')
  })

  it('is given to anybody', async () => {
    const response = await api.request('/api/v1/openapi.json')
    assert.equal(response.status, 200)
    assert.deepEqual(await response.json(), JSON.parse(JSON.stringify(openApiDocument('1.2.3'))))
  })
})
