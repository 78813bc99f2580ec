import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { RecordedEvent } from '../../src/governance/recording/event-schema.ts'
import { message } from '../../src/protocols/ssh/messages.ts'
import { PayloadReader } from '../../src/protocols/ssh/payload-reader.ts'
import { SshTransport } from '../../src/protocols/ssh/transport/ssh-transport.ts'
import type { CertificateContents } from '../../src/protocols/ssh/wire/make-certificate.ts'
import { makeCertificate } from '../../src/protocols/ssh/wire/make-certificate.ts'
import { MESSAGE } from '../../src/protocols/ssh/wire/message-numbers.ts'
import { makeEd25519Key, openSshPrivateKeyText, privateKeyOf } from '../../src/protocols/ssh/wire/private-key.ts'
import { publicKeyLine } from '../../src/protocols/ssh/wire/public-key.ts'
import { makeSignature } from '../../src/protocols/ssh/wire/signature.ts'
import { SshWriter } from '../../src/protocols/ssh/wire/ssh-writer.ts'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import type { ClientResult } from '../support/run-client.ts'
import { type CertifiedSsh, startCertifiedSsh } from '../support/ssh-certified.ts'

describe('OpenSSH logs in with a certificate of the gateway', () => {
  const client = makeEd25519Key()
  const publicKey = publicKeyLine(client.publicKey.blob, 'test')
  let setup: CertifiedSsh
  let keyFile: string
  let knownHosts: string
  let made = 0

  before(async () => {
    setup = await startCertifiedSsh()
    keyFile = join(setup.folder, 'id')
    knownHosts = join(setup.folder, 'known_hosts')
    writeFileSync(keyFile, openSshPrivateKeyText(client, 'test'), { mode: 0o600 })
    writeFileSync(knownHosts, `${(await setup.trusted()).knownHosts}\n`)
  })
  after(() => setup.stop())

  const strict = () => ['-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes']
  const events = (): Promise<RecordedEvent[]> => readEvents(setup.gateway.ledgerDirectory)

  function withCertificate(certificate: string, target = 'box', command = 'echo "$LOGNAME here"', key = keyFile): Promise<ClientResult> {
    const file = join(setup.folder, `certificate-${++made}-cert.pub`)
    writeFileSync(file, `${certificate}\n`)
    const options = ['-i', key, '-o', `CertificateFile=${file}`, '-o', 'IdentitiesOnly=yes', '-o', 'PreferredAuthentications=publickey', '-l', target]
    return setup.ssh([...strict(), ...options], command).result
  }

  /** It is not let in, and why is on record in words that people understand. */
  async function refused(certificate: string, why: RegExp, target = 'box', key = keyFile): Promise<void> {
    const before = (await events()).length
    const { status, output, errors } = await withCertificate(certificate, target, 'echo in', key)
    assert.equal(status, 255, errors)
    assert.equal(output, '')
    assert.match(errors, why)
    await eventually('the refusal is on record', async () => (await events()).slice(before).some((event) => event.event === 'login.refused' && why.test(event.reason) && event.protocol === 'ssh' && event.target === target))
    assert.ok(!(await events()).slice(before).some(({ event }) => event === 'session.opened'))
  }

  function signed(more: Partial<CertificateContents> & { readonly by?: keyof CertifiedSsh['authorities'] | 'another gateway' }): string {
    const { by = 'login', ...contents } = more
    const authority = by === 'another gateway' ? generateKeyPairSync('ed25519').privateKey : setup.authorities[by]
    const now = Date.now() / 1_000
    const blob = makeCertificate({
      kind: 'user', key: client.publicKey, serial: 7n, keyId: 'tok_1', principals: ['box'], validAfter: now - 60, validBefore: now + 300, extensions: ['permit-pty'], ...contents,
    }, privateKeyOf(authority))
    return publicKeyLine(blob)
  }

  test('and knows the gateway by its authority alone, as the one that the token is of', async () => {
    const { certificate, tokenId } = await setup.certificate(await setup.issuer.agentToken('support-bot'), publicKey)
    const { status, output, errors } = await withCertificate(certificate)
    assert.deepEqual({ status, output }, { status: 0, output: `${setup.sshd.user} here\n` }, errors)
    const opened = (await events()).find((event) => event.event === 'session.opened' && event.tokenId === tokenId)
    assert.ok(opened?.event === 'session.opened')
    assert.deepEqual([opened.identity.name, opened.target, opened.protocol, opened.purpose], ['support-bot', 'box', 'ssh', 'looks after hosts'])
    const used = (await events()).findLast((event) => event.event === 'credential.used')
    assert.ok(used?.event === 'credential.used' && used.method === 'certificate' && used.user === setup.sshd.user)
    assert.match(setup.sshd.log(), new RegExp(`ID sallyport session ${opened.session} of support-bot `))
  })

  test('for a person, and by names that the configuration gives the gateway', async () => {
    const { certificate } = await setup.certificate(await setup.issuer.personToken('dana', ['dba']), publicKey)
    writeFileSync(join(setup.folder, 'cert'), `${certificate}\n`)
    const named = ['-o', 'HostKeyAlias=gateway.test', '-i', keyFile, '-o', `CertificateFile=${join(setup.folder, 'cert')}`, '-l', 'box']
    const { hostAuthority } = await setup.trusted()
    const hosts = join(setup.folder, 'named_hosts')
    writeFileSync(hosts, `@cert-authority *.test ${hostAuthority}\n`)
    const trusting = ['-o', `UserKnownHostsFile=${hosts}`, '-o', 'StrictHostKeyChecking=yes']
    const right = await setup.ssh([...trusting, ...named], 'echo in').result
    assert.equal(right.output, 'in\n', right.errors)
    const wrong = await setup.ssh([...trusting, ...named.with(1, 'HostKeyAlias=elsewhere.test')], 'echo in').result
    assert.equal(wrong.status, 255)
    assert.match(wrong.errors, /Host key verification failed/)
  })

  test('but not when another gateway\'s authority is the one that is trusted', async () => {
    const other = join(setup.folder, 'other_hosts')
    writeFileSync(other, `@cert-authority [127.0.0.1]:${setup.port} ${publicKey}\n`)
    const { status, errors } = await setup.ssh(['-o', `UserKnownHostsFile=${other}`, '-o', 'StrictHostKeyChecking=yes', '-l', 'box'], 'echo in').result
    assert.equal(status, 255)
    assert.match(errors, /Host key verification failed/)
  })

  test('but not once its token is revoked, which ends what it opened', async () => {
    const { certificate, tokenId } = await setup.certificate(await setup.issuer.agentToken('support-bot'), publicKey)
    const live = withCertificate(certificate, 'box', 'echo in; exec sleep 60')
    await eventually('the session is open', async () => (await events()).some((event) => event.event === 'session.opened' && event.tokenId === tokenId))
    const operator = await setup.issuer.personToken('dana', ['dba'])
    const response = await fetch(new URL(`/api/v1/tokens/${tokenId}/revoke`, setup.gateway.apiUrl), { method: 'POST', headers: { authorization: `Bearer ${operator}` } })
    assert.equal(response.status, 200)
    assert.match((await live).errors, /its token was revoked/)
    await refused(certificate, /the token was revoked/)
  })

  test('but not for what is not the gateway\'s certificate for this login', async () => {
    await refused(signed({ by: 'another gateway' }), /not trusted here/)
    await refused(signed({ by: 'target' }), /not trusted here/)
    await refused(signed({ by: 'host' }), /not trusted here/)
    await refused(signed({ keyId: 'tok_made_up' }), /the session token is not known here/)
    await refused(signed({ validAfter: Date.now() / 1_000 + 600, validBefore: Date.now() / 1_000 + 900 }), /not valid yet/)
    await refused(signed({ validBefore: Date.now() / 1_000 - 1 }), /expired/)
    await refused(signed({ criticalOptions: { 'force-command': 'true' } }), /critical option/)
    await refused(signed({ criticalOptions: { 'source-address': '127.0.0.1/32' } }), /critical option/)
    const { certificate } = await setup.certificate(await setup.issuer.agentToken('support-bot'), publicKey)
    await refused(certificate, /another name/, 'other')
  })

  test('but not with the key of somebody else, nor with a certificate that was changed', async () => {
    const { certificate } = await setup.certificate(await setup.issuer.agentToken('support-bot'), publicKey)
    const stranger = join(setup.folder, 'stranger')
    writeFileSync(stranger, openSshPrivateKeyText(makeEd25519Key(), 'x'), { mode: 0o600 })
    const [type = '', base64 = ''] = certificate.split(' ')
    const bytes = Buffer.from(base64, 'base64')
    bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1)
    for (const [text, key] of [[certificate, stranger], [`${type} ${bytes.toString('base64')}`, keyFile]] as const) {
      const { status, output } = await withCertificate(text, 'box', 'echo in', key)
      assert.deepEqual({ status, output }, { status: 255, output: '' })
    }
  })

  test('but not with a host\'s certificate, which OpenSSH itself would not offer, nor with a signature over another session', async () => {
    const before = (await events()).length
    const { certificate } = await setup.certificate(await setup.issuer.agentToken('support-bot'), publicKey)
    assert.equal(await offer(blobOf(signed({ kind: 'host' }))), false)
    assert.equal(await offer(blobOf(certificate), Buffer.alloc(32)), false)
    assert.equal(await offer(blobOf(certificate)), true)
    await eventually('the refusals are on record', async () => {
      const reasons = (await events()).slice(before).flatMap((event) => (event.event === 'login.refused' ? [event.reason] : []))
      return /not one for a user/.test(reasons[0] ?? '') && /signature is not by the key/.test(reasons[1] ?? '')
    })
  })

  /** A client that offers whatever it is given. @returns whether it was let in */
  async function offer(blob: Buffer, session?: Buffer): Promise<boolean> {
    const transport = new SshTransport(connect(setup.port, '127.0.0.1'), { role: 'client', verifyHost: () => Promise.resolve() })
    const reader = new PayloadReader(transport)
    const { sessionId } = await transport.ready
    transport.send(message(MESSAGE.serviceRequest, 'ssh-userauth'))
    await reader.next(MESSAGE.serviceAccept)
    const request = message(MESSAGE.userauthRequest, 'box', 'ssh-connection', 'publickey', true, 'ssh-ed25519-cert-v01@openssh.com', blob)
    const signature = makeSignature(client, 'ssh-ed25519', new SshWriter().string(session ?? sessionId).bytes(request).take())
    transport.send(Buffer.concat([request, new SshWriter().string(signature).take()]))
    const answer = await reader.next(MESSAGE.userauthSuccess, MESSAGE.userauthFailure)
    transport.destroy()
    return answer[0] === MESSAGE.userauthSuccess
  }

  test('of which the private keys stand nowhere in the clear', () => {
    const data = join(setup.folder, 'data')
    const secrets = Object.values(setup.authorities).map((key) => key.export({ format: 'jwk' }).d ?? '').map((d) => Buffer.from(d, 'base64url'))
    for (const name of readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))) {
      const bytes = readFileSync(name)
      for (const secret of secrets) assert.ok(!bytes.includes(secret) && !bytes.includes(secret.toString('base64').slice(0, 40)), name)
    }
  })
})

function blobOf(certificate: string): Buffer {
  return Buffer.from(certificate.split(' ')[1] ?? '', 'base64')
}
