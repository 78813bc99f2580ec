import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import fc from 'fast-check'
import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import { certificateFault } from './certificate-fault.ts'
import { readCertificate } from './certificate.ts'
import { type CertificateContents, makeCertificate } from './make-certificate.ts'
import { makeEd25519Key, openSshPrivateKeyText, privateKeyOf, readPrivateKey } from './private-key.ts'
import { decodeBase64, fingerprintOf, publicKeyLine, publicKeyOf, readPublicKey, readPublicKeyLine } from './public-key.ts'
import { makeSignature, signatureAlgorithmsFor, verifySignature } from './signature.ts'

const KINDS = [['ed25519', ''], ['ecdsa', '256'], ['ecdsa', '384'], ['ecdsa', '521'], ['rsa', '2048']] as const

describe('keys and certificates of SSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'))
  after(() => rmSync(folder, { recursive: true }))

  function keygen(...args: string[]): string {
    return execFileSync('ssh-keygen', args, { encoding: 'utf8', cwd: folder, env: { ...process.env, TZ: 'UTC' } })
  }

  function newKey(type: string, bits: string, ...more: string[]): string {
    const file = `${type}${bits}${more.join('').replace(/\W/g, '')}-${Math.random().toString(36).slice(2)}`
    keygen('-q', '-t', type, ...(bits === '' ? [] : ['-b', bits]), '-N', '', '-C', 'a comment', ...more, '-f', file)
    return join(folder, file)
  }

  for (const [type, bits] of KINDS) {
    test(`${type} ${bits}: a key of ssh-keygen is read as it is, in both kinds of file, and its fingerprint is that of ssh-keygen`, () => {
      const file = newKey(type, bits)
      const line = readFileSync(`${file}.pub`, 'utf8')
      const key = readPublicKeyLine(line)
      assert.equal(publicKeyLine(key.blob, 'a comment'), line.trim())
      assert.equal(fingerprintOf(key.blob), keygen('-l', '-f', file).split(' ')[1])
      const read = readPrivateKey(readFileSync(file, 'utf8'))
      assert.deepEqual(read.publicKey.blob, key.blob)
      const pem = readPrivateKey(read.key.export({ type: 'pkcs8', format: 'pem' }).toString())
      assert.deepEqual(pem.publicKey.blob, key.blob)
      assert.deepEqual(publicKeyOf(read.key).blob, key.blob)
      if (type !== 'ed25519') {
        const old = newKey(type, bits, '-m', 'PEM')
        assert.equal(publicKeyLine(readPrivateKey(readFileSync(old, 'utf8')).publicKey.blob, 'a comment'), readFileSync(`${old}.pub`, 'utf8').trim())
      }
    })

    test(`${type} ${bits}: signs by each of its algorithms, and nothing else passes for it`, () => {
      const key = readPrivateKey(readFileSync(newKey(type, bits), 'utf8'))
      const other = makeEd25519Key()
      for (const algorithm of signatureAlgorithmsFor(key.publicKey.type)) {
        fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(), (data, at) => {
          const signature = makeSignature(key, algorithm, data)
          assert.equal(verifySignature(key.publicKey, algorithm, signature, data), true)
          assert.equal(verifySignature(key.publicKey, undefined, signature, data), true)
          assert.equal(verifySignature(key.publicKey, algorithm === 'rsa-sha2-256' ? 'rsa-sha2-512' : 'rsa-sha2-256', signature, data), false)
          assert.equal(verifySignature(other.publicKey, undefined, signature, data), false)
          const changed = Buffer.from(data)
          changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 1
          assert.equal(verifySignature(key.publicKey, algorithm, signature, changed), false)
          const forged = Buffer.from(signature)
          forged[at % forged.length] = (forged[at % forged.length] ?? 0) ^ 1
          assert.notEqual(orMalformed(() => verifySignature(key.publicKey, algorithm, forged, data)), true)
        }), { numRuns: 20 })
      }
      assert.throws(() => makeSignature(key, 'ssh-rsa', Buffer.alloc(1)), TypeError)
    })

    test(`${type} ${bits}: a certificate of ssh-keygen is read, and ours is what ssh-keygen reads`, () => {
      const ca = newKey('ed25519', '')
      const signer = newKey(type, bits)
      const subject = newKey(type, bits)
      // Signed by an authority of this kind.
      keygen('-q', '-s', signer, '-I', 'the id', '-n', 'root,dana', '-z', '18446744073709551615', '-V', '20270101000000Z:20270102000000Z',
        '-O', 'source-address=10.0.0.0/8', '-O', 'clear', '-O', 'permit-pty', '-O', 'force-command=ls', `${subject}.pub`)
      const read = readCertificate(blobOf(`${subject}-cert.pub`))
      assert.equal(read.kind, 'user')
      assert.equal(read.keyId, 'the id')
      assert.equal(read.serial, 2n ** 64n - 1n)
      assert.deepEqual(read.principals, ['root', 'dana'])
      assert.equal(read.validAfter, BigInt(Date.parse('2027-01-01T00:00:00Z') / 1000))
      assert.equal(read.validBefore, BigInt(Date.parse('2027-01-02T00:00:00Z') / 1000))
      assert.deepEqual(read.extensions, new Map([['permit-pty', '']]))
      assert.equal(read.criticalOptions.get('force-command'), 'ls')
      assert.deepEqual(read.key.blob, blobOf(`${subject}.pub`))
      assert.deepEqual(read.authority.blob, blobOf(`${signer}.pub`))
      // And ours.
      const authority = readPrivateKey(readFileSync(ca, 'utf8'))
      const made = makeCertificate(contents({
        key: read.key, extensions: ['permit-user-rc', 'permit-pty'], criticalOptions: { 'source-address': '127.0.0.1/32', 'force-command': 'id' },
      }), authority)
      writeFileSync(join(folder, 'made-cert.pub'), publicKeyLine(made))
      const shown = keygen('-L', '-f', 'made-cert.pub')
      assert.match(shown, /Signing CA: ED25519 SHA256:\S+ \(using ssh-ed25519\)/)
      assert.match(shown, /Critical Options: \s+force-command id\s+source-address 127\.0\.0\.1\/32\s+Extensions: \s+permit-pty\s+permit-user-rc/)
      assert.deepEqual(readCertificate(made).key.blob, read.key.blob)
    })
  }

  test('certificates are judged by kind, authority, time, name and critical options', () => {
    const authority = makeEd25519Key()
    const read = readCertificate(makeCertificate(contents({}), authority))
    const expected = { kind: 'user', authorities: [authority.publicKey], principal: 'dana', now: 1500 } as const
    assert.equal(certificateFault(read, expected), undefined)
    assert.match(certificateFault(read, { ...expected, kind: 'host' }) ?? '', /not one for a host/)
    assert.match(certificateFault(read, { ...expected, authorities: [makeEd25519Key().publicKey] }) ?? '', /authority/)
    assert.match(certificateFault(read, { ...expected, authorities: [] }) ?? '', /authority/)
    assert.match(certificateFault(read, { ...expected, now: 999 }) ?? '', /not valid yet/)
    assert.equal(certificateFault(read, { ...expected, now: 1000 }), undefined)
    assert.match(certificateFault(read, { ...expected, now: 2000 }) ?? '', /expired/)
    assert.match(certificateFault(read, { ...expected, principal: 'root' }) ?? '', /another name/)
    const critical = readCertificate(makeCertificate(contents({ criticalOptions: { 'force-command': 'ls' } }), authority))
    assert.match(certificateFault(critical, expected) ?? '', /critical option/)
    assert.equal(certificateFault(critical, { ...expected, understood: ['force-command'] }), undefined)
  })

  test('a certificate without names is not made, and is good for nobody', () => {
    assert.throws(() => makeCertificate(contents({ principals: [] }), makeEd25519Key()), TypeError)
    assert.throws(() => makeCertificate(contents({ principals: [''] }), makeEd25519Key()), TypeError)
    const [ca, subject] = [newKey('ed25519', ''), newKey('ed25519', '')]
    keygen('-q', '-s', ca, '-I', 'everyone', `${subject}.pub`)
    const read = readCertificate(blobOf(`${subject}-cert.pub`))
    assert.match(certificateFault(read, { kind: 'user', authorities: [read.authority], principal: '', now: 1 }) ?? '', /another name/)
  })

  test('a certificate with any byte changed, cut or added is malformed', () => {
    const blob = makeCertificate(contents({ extensions: ['permit-pty'] }), makeEd25519Key())
    for (let at = 0; at < blob.length; at++) {
      const changed = Buffer.from(blob)
      changed[at] = (changed[at] ?? 0) ^ 0x01
      assert.throws(() => readCertificate(changed), MalformedFrameError, `byte ${at}`)
      assert.throws(() => readCertificate(blob.subarray(0, at)), MalformedFrameError, `cut at ${at}`)
    }
    assert.throws(() => readCertificate(Buffer.concat([blob, Buffer.of(0)])), MalformedFrameError)
  })

  test('a private key file with anything changed is malformed or the same key', () => {
    const key = makeEd25519Key()
    const text = openSshPrivateKeyText(key, 'x')
    assert.deepEqual(readPrivateKey(text).publicKey.blob, key.publicKey.blob)
    const bytes = decodeBase64(text.split('\n').slice(1, -2).join(''))
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x10
      const file = (body: Buffer): string => `-----BEGIN OPENSSH PRIVATE KEY-----\n${body.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----`
      const read = orMalformed(() => readPrivateKey(file(changed)))
      if (read !== undefined) assert.deepEqual(read.publicKey.blob, key.publicKey.blob)
      assert.throws(() => readPrivateKey(file(bytes.subarray(0, at))), MalformedFrameError)
    }
  })

  test('what openSshPrivateKeyText writes, ssh-keygen reads', () => {
    const key = makeEd25519Key()
    writeFileSync(join(folder, 'written'), openSshPrivateKeyText(key, 'made here'), { mode: 0o600 })
    assert.equal(keygen('-y', '-f', 'written').trim(), publicKeyLine(key.publicKey.blob, 'made here'))
  })

  test('encrypted keys, weak keys and keys of other kinds are refused', () => {
    const locked = newKey('ed25519', '')
    keygen('-q', '-p', '-P', '', '-N', 'a passphrase', '-f', locked)
    assert.throws(() => readPrivateKey(readFileSync(locked, 'utf8')), /encrypted/)
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
    assert.throws(() => privateKeyOf(privateKey), /1024 bits/)
    assert.throws(() => privateKeyOf(generateKeyPairSync('x25519').privateKey), MalformedFrameError)
    assert.throws(() => privateKeyOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey), MalformedFrameError)
    for (const line of ['', 'ssh-dss AAAAB3NzaC1kc3M=', 'ssh-ed25519', 'ssh-ed25519 !!!', `ssh-rsa ${makeEd25519Key().publicKey.blob.toString('base64')}`]) {
      assert.throws(() => readPublicKeyLine(line), MalformedFrameError, line)
    }
  })

  test('a point that is not on its curve is no key', () => {
    const { blob } = privateKeyOf(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey).publicKey
    const off = Buffer.from(blob)
    off[off.length - 1] = (off.at(-1) ?? 0) ^ 1
    assert.throws(() => readPublicKey(off), MalformedFrameError)
  })

  function blobOf(file: string): Buffer {
    return decodeBase64(readFileSync(file, 'utf8').split(' ')[1]?.trim() ?? '')
  }
})

function contents(changes: Partial<CertificateContents>): CertificateContents {
  return {
    kind: 'user', key: makeEd25519Key().publicKey, serial: 7n, keyId: 'tok_1', principals: ['dana'], validAfter: 1000, validBefore: 2000, ...changes,
  }
}

function orMalformed<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    assert.ok(error instanceof MalformedFrameError, String(error))
    return undefined
  }
}
