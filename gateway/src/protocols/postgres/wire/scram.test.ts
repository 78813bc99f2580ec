import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { test } from 'node:test'
import { ScramClient, ScramError } from './scram.ts'

/** A server's side, written from RFC 5802 alone. */
function serverFor(password: string, clientFirst: string) {
  const bare = clientFirst.slice(clientFirst.indexOf('n='))
  const gs2 = clientFirst.slice(0, clientFirst.indexOf('n='))
  const nonce = `${bare.slice(bare.indexOf('r=') + 2)}server`
  const salt = Buffer.from('a salt')
  const first = `r=${nonce},s=${salt.toString('base64')},i=4096`
  const salted = pbkdf2Sync(password, salt, 4096, 32, 'sha256')
  const mac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const sign = (final: string) => mac(mac(salted, 'Server Key'), `${bare},${first},${final.slice(0, final.indexOf(',p='))}`)
  const accepts = (final: string, binding: Buffer) => {
    const stored = createHash('sha256').update(mac(salted, 'Client Key')).digest()
    const signature = mac(stored, `${bare},${first},${final.slice(0, final.indexOf(',p='))}`)
    const proof = Buffer.from(final.slice(final.indexOf(',p=') + 3), 'base64')
    const key = Buffer.from(proof.map((b, i) => b ^ (signature[i] ?? 0)))
    const channel = Buffer.concat([Buffer.from(gs2), binding]).toString('base64')
    return createHash('sha256').update(key).digest().equals(stored) && final.startsWith(`c=${channel},`)
  }
  return { first, sign, accepts }
}

test('a server that knows the password accepts the proof, and is accepted', async () => {
  const client = new ScramClient('pässword', ['SCRAM-SHA-256'], undefined)
  const server = serverFor('pässword', client.firstMessage)
  const final = await client.finalMessage(server.first)
  assert.ok(server.accepts(final, Buffer.alloc(0)))
  client.verify(`v=${server.sign(final).toString('base64')}`)
})

test('channel binding is used when offered, and tells of it when it is not', async () => {
  const binding = { type: 'tls-server-end-point', data: Buffer.from('certificate hash') } as const
  const plus = new ScramClient('p', ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256'], binding)
  assert.equal(plus.mechanism, 'SCRAM-SHA-256-PLUS')
  const server = serverFor('p', plus.firstMessage)
  assert.ok(server.accepts(await plus.finalMessage(server.first), binding.data))
  assert.match(new ScramClient('p', ['SCRAM-SHA-256'], binding).firstMessage, /^y,,/)
})

test('a server that does not know the password is refused', async () => {
  const client = new ScramClient('right', ['SCRAM-SHA-256'], undefined)
  const server = serverFor('wrong', client.firstMessage)
  const final = await client.finalMessage(server.first)
  assert.throws(() => client.verify(`v=${server.sign(final).toString('base64')}`), ScramError)
  assert.throws(() => client.verify(''), ScramError)
})

test('a challenge with a foreign nonce or an absurd iteration count is refused', async () => {
  const client = new ScramClient('p', ['SCRAM-SHA-256'], undefined)
  await assert.rejects(client.finalMessage('r=other,s=YQ==,i=4096'), ScramError)
  const nonce = client.firstMessage.slice(client.firstMessage.indexOf('r=') + 2)
  await assert.rejects(client.finalMessage(`r=${nonce}x,s=YQ==,i=999999999`), ScramError)
  await assert.rejects(client.finalMessage(`r=${nonce},s=YQ==,i=4096`), ScramError)
})
