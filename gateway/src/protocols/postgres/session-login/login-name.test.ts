import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isLoginName, loginComment, newLoginName, sessionOfComment } from './login-name.ts'

test('a name is one of ours, is never made twice, and fits into what PostgreSQL keeps of a name', () => {
  const names = Array.from({ length: 1_000 }, newLoginName)
  assert.equal(new Set(names).size, 1_000)
  for (const name of names) assert.ok(isLoginName(name) && name.length <= 63, name)
})

test('nothing else is taken for one of our names', () => {
  const own = newLoginName()
  for (const name of ['', 'sallyport_', 'sallyport_reports', own.slice(1), own.slice(0, -1), `${own}a`, own.toUpperCase(), `${own.slice(0, -1)}"`, `${own.slice(0, -1)}1`, `${own}\n`, own.replace('_', '-')]) assert.ok(!isLoginName(name), name)
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => !isLoginName(text)))
})

test('a comment says its session to the installation that wrote it, and nothing to any other', () => {
  fc.assert(fc.property(fc.uuid(), fc.uuid(), fc.string(), (one, other, session) => {
    assert.equal(sessionOfComment(loginComment(one, session), one), session)
    if (one !== other) assert.equal(sessionOfComment(loginComment(one, session), other), undefined)
  }))
  fc.assert(fc.property(fc.uuid(), fc.string(), (installation, text) => sessionOfComment(text, installation) === undefined))
})
