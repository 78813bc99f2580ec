import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { collect, setUpRecording } from '../../../test/support/recording-setup.ts'
import { eventually } from '../../../test/support/eventually.ts'
import { openHpke, rawPublicKey, sealHpke } from './hpke.ts'
import { type Original, openOriginals, readSealedOriginals } from './originals.ts'
import { readStream } from './read-stream.ts'
import type { StreamChunk } from './stream.ts'

const hex = (text: string): Buffer => Buffer.from(text, 'hex')

test('opens the first message of RFC 9180, appendix A.1.1', () => {
  const recipient = createPrivateKey({
    key: {
      kty: 'OKP', crv: 'X25519',
      d: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8').toString('base64url'),
      x: hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d').toString('base64url'),
    },
    format: 'jwk',
  })
  const enc = hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431')
  const ciphertext = hex('f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a')
  const suite = { aeadId: 1, cipher: 'aes-128-gcm', keyBytes: 16 } as const
  const plain = openHpke(recipient, 'Ode on a Grecian Urn', Buffer.from('Count-0'), Buffer.concat([enc, ciphertext]), suite)
  assert.equal(plain.toString(), 'Beauty is truth, truth beauty')
})

test('opens with the private key, the same words and the same session alone, and notices every change', () => {
  const { publicKey, privateKey } = generateKeyPairSync('x25519')
  const sealed = sealHpke(publicKey, 'info', Buffer.from('one'), Buffer.from('secret'))
  assert.equal(openHpke(privateKey, 'info', Buffer.from('one'), sealed).toString(), 'secret')
  assert.ok(!sealed.includes('secret'))
  assert.notDeepEqual(sealHpke(publicKey, 'info', Buffer.from('one'), Buffer.from('secret')), sealed)
  assert.throws(() => openHpke(generateKeyPairSync('x25519').privateKey, 'info', Buffer.from('one'), sealed))
  assert.throws(() => openHpke(privateKey, 'other', Buffer.from('one'), sealed))
  assert.throws(() => openHpke(privateKey, 'info', Buffer.from('two'), sealed))
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed)
    // The highest bit of an X25519 key is no part of it, but of what the message's key is made of.
    changed.writeUInt8(changed.readUInt8(at) ^ 0x80, at)
    assert.throws(() => openHpke(privateKey, 'info', Buffer.from('one'), changed), `byte ${at}`)
  }
  assert.throws(() => openHpke(privateKey, 'info', Buffer.from('one'), sealed.subarray(0, 40)))
})

test('masked values come back to the auditor as the target sent them, and the gateway\'s own keys do not open them', async () => {
  const setup = await setUpRecording()
  try {
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    const record = { rows: 'none', originals: { publicKey: rawPublicKey(publicKey).toString('base64') } } as const
    const recorder = await setup.open('one', record)
    assert.deepEqual([recorder.keepsOriginals, recorder.rowsPerOperation, (await setup.open('two')).keepsOriginals], [true, 0, false])
    const given: Original[] = Array.from({ length: 5_000 }, (_, n) => ({ operation: 1 + (n % 7), row: n, column: 1 + (n % 3), value: Buffer.from(`value ${n}`) }))
    given.push({ operation: 9, row: 1, column: 1, value: randomBytes(300_000) }, { operation: 9, row: 2, column: 1, value: Buffer.alloc(0) })
    for (const { operation, row, column, value } of given) {
      const lent = Buffer.from(value)
      recorder.original(operation, row, column, lent)
      lent.fill(0)
    }
    await recorder.close()
    const chunks = await setup.read('one')
    assert.ok(chunks.every(({ kind }) => kind === 'original'))
    assert.ok(!Buffer.concat(chunks.map(({ bytes }) => bytes)).includes('value 42'), 'they are sealed even in the opened stream')
    const sealed = await collect(readSealedOriginals(readStream('one', setup.sources)))
    assert.ok(sealed.length > 1)
    assert.deepEqual(sealed.flatMap((message) => [...openOriginals(privateKey, 'one', message)]), given)
    assert.throws(() => [...openOriginals(privateKey, 'two', sealed[0] ?? Buffer.alloc(0))])
  } finally {
    await setup.close()
  }
})

test('a value that comes alone is kept within the second, too', async () => {
  const setup = await setUpRecording()
  try {
    const { publicKey, privateKey } = generateKeyPairSync('x25519')
    const recorder = await setup.open('one', { rows: 'none', originals: { publicKey: rawPublicKey(publicKey).toString('base64') } })
    recorder.original(1, 1, 1, Buffer.from('alone'))
    await eventually('it is kept', async () => (await setup.read('one')).length === 1)
    const [message] = await collect(readSealedOriginals(readStream('one', setup.sources)))
    assert.deepEqual([...openOriginals(privateKey, 'one', message ?? Buffer.alloc(0))].map(({ value }) => String(value)), ['alone'])
  } finally {
    await setup.close()
  }
})

test('sealed messages are found however the stream was cut', async () => {
  const piece = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes))
  await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 12 }), async (messages, cuts) => {
    const whole = Buffer.concat(messages.flatMap((message) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(message.length)
      return [length, message]
    }))
    const ends = [...new Set([...cuts.map((cut) => Math.min(cut, whole.length)), whole.length])].sort((a, b) => a - b)
    async function* chunks(): AsyncGenerator<StreamChunk> {
      for (const [index, end] of ends.entries()) {
        yield { kind: 'received', operation: 1, atMs: 0, bytes: Buffer.from('between') }
        yield { kind: 'original', operation: 0, atMs: 0, bytes: whole.subarray(ends[index - 1] ?? 0, end) }
      }
    }
    assert.deepEqual(await collect(readSealedOriginals(chunks())), messages)
  }))
})
