import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { scramVerifier } from './scram-verifier.ts'

test('what a server keeps accepts the exchange that RFC 7677 gives as its example, and answers as it does', async () => {
  const verifier = await scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096)
  const [mechanism, parameters, keys] = verifier.split('$')
  assert.deepEqual([mechanism, parameters], ['SCRAM-SHA-256', '4096:W22ZaJ0SNY7soEsUEjb6gQ=='])
  const [stored, server] = (keys ?? '').split(':').map((key) => Buffer.from(key, 'base64'))
  assert.ok(stored !== undefined && server !== undefined)
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`
  const signature = createHmac('sha256', stored).update(exchange).digest()
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
  const clientKey = Buffer.from(proof.map((byte, at) => byte ^ (signature[at] ?? 0)))
  assert.deepEqual(createHash('sha256').update(clientKey).digest(), stored)
  assert.equal(createHmac('sha256', server).update(exchange).digest('base64'), '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
})

test('two verifiers of one password have nothing in common but its form', async () => {
  const [one, other] = await Promise.all([scramVerifier('a password'), scramVerifier('a password')])
  assert.match(one, /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$/)
  assert.notEqual(one.split('$')[1], other.split('$')[1])
  assert.notEqual(one.split('$')[2], other.split('$')[2])
  assert.ok(!one.includes('a password'))
})
