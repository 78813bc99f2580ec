import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ApiDocument, operationsOf, shapeOf } from '../src/screens/api-document.ts'

const api: ApiDocument = {
  tags: [{ name: 'Locks', description: 'What is locked.' }],
  paths: {
    '/locks': {
      get: { operationId: 'list', tags: ['Locks'], summary: 's', description: 'd', responses: { 200: { description: 'ok', content: { 'application/json': { schema: { $ref: '#/components/schemas/List' }, example: { locks: [] } } } }, default: { description: 'wrong' } } },
      post: { operationId: 'other', tags: ['Others'], summary: 's', description: 'd', responses: {} },
    },
  },
  components: {
    schemas: {
      List: { type: 'object', properties: { locks: { type: 'array', items: { $ref: '#/components/schemas/Lock' } } }, required: ['locks'] },
      Lock: { type: 'object', properties: { kind: { enum: ['agent', 'target'] }, until: { anyOf: [{ type: 'string', format: 'date-time' }, { type: 'null' }] }, labels: { type: 'object', additionalProperties: { type: 'string' } } }, required: ['kind'] },
      Loop: { type: 'object', properties: { again: { $ref: '#/components/schemas/Loop' } } },
    },
  },
}

test('routes of a group are those of its tag, with answers that are no error', () => {
  const [only, ...others] = operationsOf(api, 'Locks')
  assert.deepEqual([only?.method, only?.path, only?.answers.map(({ status }) => status), others], ['get', '/locks', ['200'], []])
})

test('a shape is written with references followed, and what may be left out marked', () => {
  assert.equal(shapeOf({ $ref: '#/components/schemas/List' }, api), '{\n  locks: [{\n    kind: "agent" | "target"\n    until?: time | null\n    labels?: { name: string, … }\n  }, …]\n}')
})

test('a schema within itself ends', () => {
  assert.ok(shapeOf({ $ref: '#/components/schemas/Loop' }, api).length < 2_000)
})
