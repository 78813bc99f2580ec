import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ApiError, routes, SshAuthorities, SshCertificate } from '@sallyport/contract'
import { type IdentitySetup, setUpIdentity } from '../../test/support/identity-setup.ts'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type HandmadeIssuer, startHandmadeIssuer } from '../../test/support/openid-servers.ts'
import { certification } from '../governance/certificates/certificate-writer.ts'
import type { LedgerLog } from '../ledger/ledger-log.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { sshCertificates } from '../protocols/ssh/certificate-writer.ts'
import { checkLoginCertificate } from '../protocols/ssh/check-login-certificate.ts'
import { readCertificate } from '../protocols/ssh/wire/certificate.ts'
import { makeEd25519Key } from '../protocols/ssh/wire/private-key.ts'
import { fingerprintOf, publicKeyLine } from '../protocols/ssh/wire/public-key.ts'
import type { ApiServices } from './api-services.ts'
import { createApi } from './create-api.ts'
import { type ApiServer, serveApi } from './serve-api.ts'

const key = () => generateKeyPairSync('ed25519').privateKey
const authorities = { hostKey: key(), host: key(), login: key(), target: key() }
const client = makeEd25519Key()
const publicKey = publicKeyLine(client.publicKey.blob, 'dana@laptop')

describe('certificates by the control API', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-certificates-'))
  let issuer: HandmadeIssuer
  let identity: IdentitySetup
  let ledger: LedgerLog
  let server: ApiServer
  let ledgerBroken = false
  let spoken = true

  before(async () => {
    issuer = await startHandmadeIssuer()
    identity = await setUpIdentity(issuer.url)
    const { document } = identity.policy
    identity.policy.document = {
      ...document,
      targets: [...document.targets, ...['box', 'other'].map((name) => ({ name, protocol: 'ssh', labels: {} }))],
      agents: document.agents.map((agent) => (agent.targets === undefined ? agent : { ...agent, targets: ['shop', 'box'] })),
    }
    ;({ log: ledger } = await openLedger({ directory: folder, origin: 'test.example/ledger', durability: 'batched', onFault: () => undefined }))
    const services: Partial<ApiServices> = {
      identification: identity.service, tokenExchange: identity.service, revoke: (id) => identity.service.revoke(id), policies: identity.policy,
      locks: { on: () => undefined } as never,
      certification: (protocol) => (spoken && protocol === 'ssh' ? certification(sshCertificates, authorities) : undefined),
      listeners: () => [{ protocol: 'ssh', host: '127.0.0.1', port: 10_022, names: ['127.0.0.1', 'localhost'], tls: false }],
      ledger: {
        append: (entry) => ledger.append(entry),
        onWritten: (done) => (ledgerBroken ? setImmediate(done, new Error('disk full')) : ledger.onWritten(done)),
      },
      log: { info: () => undefined, error: () => undefined },
    }
    server = await serveApi(createApi(services as ApiServices), { port: 0 })
  })
  after(async () => {
    await server.close()
    await ledger.close()
    await issuer.close()
    await identity.storage.close()
    rmSync(folder, { recursive: true })
  })

  async function ask(token: string | undefined, body: unknown, status = 201): Promise<unknown> {
    const response = await fetch(server.url + routes.sshCertificates, {
      method: 'POST', headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) }, body: JSON.stringify(body),
    })
    const text = await response.text()
    assert.equal(response.status, status, text)
    return JSON.parse(text)
  }

  const events = () => new Promise((resolve) => ledger.onWritten(resolve)).then(() => readEvents(folder))
  const refused = async (token: string | undefined, body: unknown, status: number, words: RegExp) => assert.match(ApiError.parse(await ask(token, body, status)).message, words)

  test('tell everybody whom clients and targets are to trust', async () => {
    const response = await fetch(server.url + routes.sshAuthorities)
    const { hostAuthority, hostKey, knownHosts, targetAuthority } = SshAuthorities.parse(await response.json())
    assert.deepEqual({ host: hostAuthority, hostKey, target: targetAuthority }, sshCertificates.publicKeys(authorities))
    assert.equal(knownHosts, `@cert-authority [127.0.0.1]:10022,[localhost]:10022 ${hostAuthority}`)
  })

  test('are for the holder of an identity token, by a session token whose secret nobody has', async () => {
    const answer = SshCertificate.parse(await ask(await issuer.token(), { publicKey, targets: ['box'], purpose: 'ticket\n7', singleUse: true }))
    const certificate = readCertificate(Buffer.from(answer.certificate.split(' ')[1] ?? '', 'base64'))
    const proved = checkLoginCertificate(certificate, 'box', authorities, Date.now())
    assert.deepEqual(proved, { tokenId: answer.tokenId })
    assert.equal(Number(certificate.validBefore), Math.floor(Date.parse(answer.expiresAt) / 1_000))
    const issued = (await events()).filter((event) => 'tokenId' in event && event.tokenId === answer.tokenId)
    assert.deepEqual(issued.map(({ event }) => event), ['token.issued', 'certificate.issued'])
    assert.ok(issued[0]?.event === 'token.issued' && issued[0].singleUse === true && issued[0].purpose === 'ticket 7')
    assert.ok(issued[1]?.event === 'certificate.issued' && issued[1].fingerprint === fingerprintOf(client.publicKey.blob) && issued[1].identity.name === 'support-bot')
    const admission = await identity.service.authenticate(proved, 'box')
    assert.deepEqual([admission.identity.name, admission.purpose, admission.tokenId], ['support-bot', 'ticket 7', answer.tokenId])
    await assert.rejects(identity.service.authenticate(proved, 'box'), /made for one login/)
    await assert.rejects(identity.service.authenticate({ tokenId: 'tok_unknown' }, 'box'), /not known here/)
  })

  test('for a session token are of that one, for its targets, and end with it', async () => {
    const { token, tokenId, expiresAtMs } = await identity.service.exchange({ subjectToken: await issuer.token(), subjectTokenType: 'urn:ietf:params:oauth:token-type:jwt', targets: ['box', 'shop'], purpose: 'why' })
    const answer = SshCertificate.parse(await ask(token, { publicKey, targets: ['box'] }))
    assert.equal(answer.tokenId, tokenId)
    assert.ok(Date.parse(answer.expiresAt) <= expiresAtMs)
    await refused(token, { publicKey, targets: ['box'], purpose: 'another' }, 400, /settled/)
    await refused(token, { publicKey, targets: ['other'] }, 404, /may not be opened/)
    await identity.service.revoke(tokenId)
    await refused(token, { publicKey, targets: ['box'] }, 401, /revoked/)
    await assert.rejects(identity.service.authenticate({ tokenId }, 'box'), /revoked/)
  })

  test('are for nobody without a token, for no other target, protocol or key, and for nothing that is not asked for as it should be', async () => {
    const token = await issuer.token()
    await refused(undefined, { publicKey, targets: ['box'] }, 401, /token/)
    for (const target of ['shop', 'other', 'nothing', '__proto__']) await refused(token, { publicKey, targets: ['box', target] }, 404, /may not be opened/)
    for (const wrong of [{ publicKey }, { publicKey, targets: [] }, { publicKey, targets: ['box'], forceCommand: 'x' }, 'text', null]) await refused(token, wrong, 400, /no certificate/)
    for (const other of ['ssh-ed25519 AAAA', publicKey.slice(0, 40)]) await refused(token, { publicKey: other, targets: ['box'] }, 400, /public key cannot be used/)
    spoken = false
    await refused(token, { publicKey, targets: ['box'] }, 404, /SSH is not spoken/)
    assert.equal((await fetch(server.url + routes.sshAuthorities)).status, 404)
    spoken = true
  })

  test('are not handed out while they cannot be put on record', async () => {
    ledgerBroken = true
    await refused(await issuer.token(), { publicKey, targets: ['box'] }, 503, /record/)
    ledgerBroken = false
  })
})
