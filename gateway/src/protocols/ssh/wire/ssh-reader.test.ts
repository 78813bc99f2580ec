import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { readCertificate } from './certificate.ts'
import { readIdentification } from './identification.ts'
import { makeKexInit, readKexInit } from './kexinit.ts'
import { MESSAGE } from './message-numbers.ts'
import { readPrivateKey } from './private-key.ts'
import { readPublicKey, readPublicKeyLine } from './public-key.ts'
import { SshReader } from './ssh-reader.ts'
import { SshWriter } from './ssh-writer.ts'
import { makeDisconnect, makeServerSignatureAlgorithms, readDisconnect, readExtInfo } from './transport-messages.ts'

const name = fc.stringMatching(/^[!-+\--~]{1,24}$/)
const names = fc.array(name, { maxLength: 12 })

/** The readers, each of which is to give a value or to throw MalformedFrameError, whatever it is given. */
const READERS: readonly (readonly [string, (bytes: Buffer) => unknown])[] = [
  ['KEXINIT', readKexInit],
  ['DISCONNECT', readDisconnect],
  ['EXT_INFO', readExtInfo],
  ['public key', readPublicKey],
  ['public key line', (bytes) => readPublicKeyLine(bytes.toString('latin1'))],
  ['certificate', readCertificate],
  ['private key', (bytes) => readPrivateKey(bytes.toString('latin1'))],
  ['OpenSSH private key', (bytes) => readPrivateKey(`-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`)],
  ['identification of a client', (bytes) => readIdentification(bytes, 'client')],
  ['identification of a server', (bytes) => readIdentification(bytes, 'server')],
]

describe('reading what SSH sends', () => {
  test('gives back what was written, of every type', () => {
    const field = fc.oneof(
      fc.record({ type: fc.constant('uint32' as const), value: fc.nat(0xffff_ffff) }),
      fc.record({ type: fc.constant('uint64' as const), value: fc.bigInt(0n, 2n ** 64n - 1n) }),
      fc.record({ type: fc.constant('boolean' as const), value: fc.boolean() }),
      fc.record({ type: fc.constant('string' as const), value: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)) }),
      fc.record({ type: fc.constant('text' as const), value: fc.string({ unit: 'grapheme' }) }),
      fc.record({ type: fc.constant('nameList' as const), value: names }),
      fc.record({ type: fc.constant('mpint' as const), value: fc.bigInt(1n, 2n ** 4096n) }),
    )
    fc.assert(fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
      const writer = new SshWriter()
      for (const { type, value } of fields) {
        if (type === 'text') writer.string(value)
        else if (type === 'mpint') writer.mpint(bytesOf(value))
        else if (type === 'uint32') writer.uint32(value)
        else if (type === 'uint64') writer.uint64(value)
        else if (type === 'boolean') writer.boolean(value)
        else if (type === 'string') writer.string(value)
        else writer.nameList(value)
      }
      const reader = new SshReader(writer.take())
      for (const { type, value } of fields) {
        const read = reader[type]()
        if (type === 'mpint') assert.equal(BigInt(`0x${(read as Buffer).toString('hex')}`), value)
        else assert.deepEqual(read, value)
      }
      reader.expectEnd()
    }))
  })

  test('writes numbers as RFC 4251 shows them', () => {
    assert.equal(new SshWriter().mpint(Buffer.from('09a378f9b2e332a7', 'hex')).take().toString('hex'), '0000000809a378f9b2e332a7')
    assert.equal(new SshWriter().mpint(Buffer.from('0080', 'hex')).take().toString('hex'), '000000020080')
  })

  test('refuses numbers that are zero, negative or too long, and lists with other characters', () => {
    for (const hex of ['00000000', '0000000100', '00000001ff', '000000020000', `00000802${'01'.repeat(2050)}`]) {
      assert.throws(() => new SshReader(Buffer.from(hex, 'hex')).mpint(), MalformedFrameError, hex.slice(0, 20))
    }
    for (const text of ['é', Array.from({ length: 501 }, () => 'x').join(',')]) {
      assert.throws(() => new SshReader(new SshWriter().string(text).take()).nameList(), MalformedFrameError, text.slice(0, 20))
    }
    assert.throws(() => new SshReader(new SshWriter().string(Buffer.of(0xff)).take()).text(), MalformedFrameError)
  })

  test('leaves empty names out of lists', () => {
    for (const text of ['a,,b', ',a,b', 'a,b,', ',a,,b,,']) assert.deepEqual(new SshReader(new SshWriter().string(text).take()).nameList(), ['a', 'b'], text)
    assert.deepEqual(new SshReader(new SshWriter().string(',').take()).nameList(), [])
  })

  for (const [what, read] of READERS) {
    test(`${what}: random bytes are read or malformed, and nothing else`, () => {
      fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => onlyMalformed(read, Buffer.from(bytes))), { numRuns: 500 })
    })
  }

  test('KEXINIT comes back as it was offered, and every shorter one is malformed', () => {
    fc.assert(fc.property(fc.tuple(names, names, names, names, names, names, names, names), fc.nat(300), (lists, cut) => {
      const [keyExchange, hostKey, cipherToServer, cipherToClient, macToServer, macToClient, compressionToServer, compressionToClient] = lists
      const offer = {
        keyExchange, hostKey, cipherToServer, cipherToClient, macToServer, macToClient, compressionToServer, compressionToClient,
      }
      const payload = makeKexInit(offer, Buffer.alloc(16, 7))
      assert.deepEqual(readKexInit(payload), { ...offer, guessFollows: false })
      assert.throws(() => readKexInit(payload.subarray(0, cut % payload.length)), MalformedFrameError)
      assert.throws(() => readKexInit(Buffer.concat([payload, Buffer.of(0)])), MalformedFrameError)
    }))
  })

  test('the last words of a peer are cut, and hold nothing that a terminal would act upon', () => {
    const { code, words } = readDisconnect(makeDisconnect(2, `\u001b[2J\r\n\u202eé${'x'.repeat(10_000)}`))
    assert.equal(code, 2)
    assert.equal(words, `?[2J???é${'x'.repeat(245)}`)
    // Some peers leave the words out.
    assert.deepEqual(readDisconnect(new SshWriter(MESSAGE.disconnect).uint32(11).take()), { code: 11, words: '' })
  })

  test('EXT_INFO says by which signatures a client may log in', () => {
    const read = readExtInfo(makeServerSignatureAlgorithms(['ssh-ed25519', 'rsa-sha2-512']))
    assert.equal(read.get('server-sig-algs')?.toString(), 'ssh-ed25519,rsa-sha2-512')
  })

  test('an identification is found wherever it is cut, after lines of a server, and only while it is short', () => {
    const whole = Buffer.from('Welcome to\r\nthis host\nSSH-2.0-OpenSSH_9.2p1 Debian\r\n\0\0')
    for (let cut = 0; cut < whole.length - 2; cut++) assert.equal(readIdentification(whole.subarray(0, cut), 'server'), undefined)
    assert.deepEqual(readIdentification(whole, 'server'), { line: 'SSH-2.0-OpenSSH_9.2p1 Debian', end: whole.length - 2 })
    assert.deepEqual(readIdentification(Buffer.from('SSH-1.99-old\n'), 'server'), { line: 'SSH-1.99-old', end: 13 })
    for (const [text, from] of [
      ['GET / HTTP/1.1\r\n', 'client'], ['\r\nSSH-2.0-x\r\n', 'client'], ['SSH-1.5-old\r\n', 'server'], ['SSH-2.0-\r\n', 'client'],
      ['SSH-2.0-a\0b\r\n', 'client'], [`SSH-2.0-${'x'.repeat(300)}`, 'client'], ['x'.repeat(9000), 'server'], ['x\n'.repeat(4500), 'server'],
    ] as const) assert.throws(() => readIdentification(Buffer.from(text), from), MalformedFrameError, text.slice(0, 20))
  })
})

function bytesOf(value: bigint): Buffer {
  const hex = value.toString(16)
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
}

function onlyMalformed(read: (bytes: Buffer) => unknown, bytes: Buffer): void {
  try {
    read(bytes)
  } catch (error) {
    assert.ok(error instanceof MalformedFrameError, String(error))
  }
}
