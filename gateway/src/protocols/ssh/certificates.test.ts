import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { CertificateAuthorities } from '../../governance/certificates/certificate-authorities.ts'
import { UnusableKey } from '../../governance/certificates/certificate-writer.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import { sshCertificates } from './certificate-writer.ts'
import { checkLoginCertificate } from './check-login-certificate.ts'
import { HostCertificate } from './host-certificate.ts'
import { makeTargetCertificate } from './target-certificate.ts'
import { readCertificate } from './wire/certificate.ts'
import { makeCertificate } from './wire/make-certificate.ts'
import { makeEd25519Key, privateKeyOf } from './wire/private-key.ts'
import { fingerprintOf, publicKeyLine, publicKeyOf } from './wire/public-key.ts'

function authorities(): CertificateAuthorities {
  const key = () => generateKeyPairSync('ed25519').privateKey
  return { hostKey: key(), host: key(), login: key(), target: key() }
}

const NOW = Date.parse('2027-01-01T12:00:00Z')
const ours = authorities()
const client = makeEd25519Key()
const line = publicKeyLine(client.publicKey.blob, 'dana@laptop')
const asked = { publicKey: line, tokenId: 'tok_1', targets: ['box', 'web1'], notBeforeMs: NOW - 60_000, notAfterMs: NOW + 900_000 }

function blobOf(text: string): Buffer {
  return Buffer.from(text.split(' ')[1] ?? '', 'base64')
}

describe('certificates of SSH', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ssh-'))
  after(() => rmSync(folder, { recursive: true }))

  function keygenShows(text: string): string {
    const file = join(folder, 'one-cert.pub')
    writeFileSync(file, `${text}\n`)
    return execFileSync('ssh-keygen', ['-L', '-f', file], { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } })
  }

  test('for logins are what OpenSSH reads: the token as id, the targets as principals, and a terminal alone', () => {
    const shown = keygenShows(sshCertificates.writeLogin(asked, ours))
    assert.match(shown, /user certificate/)
    assert.match(shown, /Key ID: "tok_1"/)
    assert.match(shown, /Valid: from 2027-01-01T11:59:00 to 2027-01-01T12:15:00/)
    assert.match(shown, /Principals: \n\s+box\n\s+web1\n\s+Critical Options: \(none\)\n\s+Extensions: \n\s+permit-pty\n*$/)
    assert.ok(shown.includes(fingerprintOf(publicKeyOf(ours.login).blob)))
    assert.equal(sshCertificates.fingerprint(line), fingerprintOf(client.publicKey.blob))
  })

  test('are made for no key that is weak, malformed, or a certificate itself', () => {
    const weak = publicKeyWeak()
    for (const publicKey of ['', 'ssh-ed25519', 'ssh-ed25519 AAAA', weak, line.replace('ssh-ed25519', 'ssh-rsa'), sshCertificates.writeLogin(asked, ours)]) {
      assert.throws(() => sshCertificates.fingerprint(publicKey), UnusableKey)
      assert.throws(() => sshCertificates.writeLogin({ ...asked, publicKey }, ours), UnusableKey)
    }
  })

  test('log in on their targets, while they last, at the installation that made them', () => {
    const read = readCertificate(blobOf(sshCertificates.writeLogin(asked, ours)))
    assert.deepEqual(checkLoginCertificate(read, 'box', ours, NOW), { tokenId: 'tok_1' })
    for (const [target, keys, atMs, why] of [
      ['shop', ours, NOW, /another name/], ['box', authorities(), NOW, /not trusted here/], ['box', ours, NOW - 61_000, /not valid yet/], ['box', ours, NOW + 900_000, /expired/],
    ] as const) {
      assert.throws(() => checkLoginCertificate(read, target, keys, atMs), (error) => error instanceof AuthenticationError && why.test(error.message))
    }
  })

  test('of another purpose, and with what this installation never writes into one, do not', () => {
    const contents = { kind: 'user', key: client.publicKey, serial: 1n, keyId: 'tok_1', principals: ['box'], validAfter: 0, validBefore: NOW } as const
    const target = makeTargetCertificate({ user: 'box', session: 's', identity: 'dana' }, ours, NOW)
    const login = privateKeyOf(ours.login)
    for (const [blob, why] of [
      [makeCertificate({ ...contents, kind: 'host' }, login), /not one for a user/],
      [new HostCertificate(ours, ['box'], () => NOW).current() ?? assert.fail(), /not one for a user/],
      [target.certificate, /not trusted here/],
      [makeCertificate(contents, privateKeyOf(ours.host)), /not trusted here/],
      [makeCertificate({ ...contents, criticalOptions: { 'force-command': 'true' } }, login), /critical option/],
      [makeCertificate({ ...contents, criticalOptions: { 'source-address': '127.0.0.1/32' } }, login), /critical option/],
      [makeCertificate({ ...contents, keyId: '' }, login), /no session token/],
    ] as const) {
      assert.throws(() => checkLoginCertificate(readCertificate(blob), 'box', ours, NOW - 1_000), (error) => error instanceof AuthenticationError && why.test(error.message))
    }
  })

  test('of the gateway vouch for its names, and are made anew long before they end', () => {
    let now = NOW
    const certificate = new HostCertificate(ours, ['gateway.example.com', '127.0.0.1'], () => now)
    const first = certificate.current() ?? assert.fail()
    assert.match(keygenShows(publicKeyLine(first)), /host certificate[\s\S]*Valid: from 2027-01-01T11:00:00 to 2027-01-02T12:00:00[\s\S]*Principals: \n\s+gateway\.example\.com\n\s+127\.0\.0\.1\n\s+Critical Options: \(none\)\n\s+Extensions: \(none\)/)
    now += 11 * 3_600_000
    assert.equal(certificate.current(), first)
    now += 3_600_000
    assert.notDeepEqual(certificate.current(), first)
    assert.equal(new HostCertificate(ours, []).current(), undefined)
  })

  test('for targets are of a new key each, for one user, for minutes, and tell whose they are', () => {
    const login = { user: 'deploy', session: 'abc', identity: 'dana\n\u001b[2J' }
    const [one, other] = [makeTargetCertificate(login, ours, NOW), makeTargetCertificate(login, ours, NOW)]
    assert.notDeepEqual(one.key.publicKey.blob, other.key.publicKey.blob)
    const shown = keygenShows(publicKeyLine(one.certificate))
    assert.match(shown, /Key ID: "sallyport session abc of dana\?\?\[2J"/)
    assert.match(shown, /to 2027-01-01T12:02:00[\s\S]*Principals: \n\s+deploy\n/)
    assert.deepEqual(readCertificate(one.certificate).authority.blob, publicKeyOf(ours.target).blob)
  })
})

function publicKeyWeak(): string {
  const { n = '', e = '' } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes])
  const blob = Buffer.concat([field(Buffer.from('ssh-rsa')), field(Buffer.from(e, 'base64url')), field(Buffer.concat([Buffer.alloc(1), Buffer.from(n, 'base64url')]))])
  return `ssh-rsa ${blob.toString('base64')}`
}
