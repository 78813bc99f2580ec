import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openApiDocument } from '../../gateway/src/api/reference/openapi-document.ts'
import { describeApiRoutes } from './describe-api-routes.ts'

const file = new URL('../src/api/api-routes.ts', import.meta.url)

test('the types of routes that the console uses are those of the OpenAPI document (WRITE_REFERENCE=1 writes them anew)', () => {
  const described = describeApiRoutes(openApiDocument('1').paths)
  if (process.env['WRITE_REFERENCE'] === '1') writeFileSync(file, described)
  else assert.equal(readFileSync(file, 'utf8'), described)
})
