import assert from 'node:assert/strict'
import { test } from 'node:test'
import { perSessionOf, targetSchema } from './target.ts'

const target = (perSession: unknown) => targetSchema.safeParse({ host: 'db', database: 'shop', credential: { user: 'u', password: 'vault:p', perSession } })

test('a login for each session is held 12 hours unless said otherwise, and reading the settings twice changes nothing', () => {
  const once = target({ role: 'reader' })
  assert.ok(once.success)
  assert.deepEqual(perSessionOf(once.data), { role: 'reader', validForMs: 43_200_000 })
  assert.deepEqual(targetSchema.parse(once.data), once.data)
  const short = target({ role: 'reader', validFor: '90m' })
  assert.ok(short.success)
  assert.deepEqual(perSessionOf(short.data), { role: 'reader', validForMs: 5_400_000 })
  const shared = target(undefined)
  assert.ok(shared.success)
  assert.equal(perSessionOf(shared.data), undefined)
})

for (const [name, perSession] of Object.entries({
  'no role': {}, 'an empty role': { role: '' }, 'a NUL': { role: 'a\0b' }, 'a name that the server would cut': { role: 'é'.repeat(32) },
  'a second': { role: 'r', validFor: '1s' }, 'eight days': { role: 'r', validFor: '8d' }, 'no duration': { role: 'r', validFor: 'soon' }, 'an unknown key': { role: 'r', roles: [] },
})) {
  test(`${name} is no setting of a login for each session`, () => assert.ok(!target(perSession).success))
}
