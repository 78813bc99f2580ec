import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ConsistencyProof, InclusionProof, routes } from '@sallyport/contract'
import { Hono } from 'hono'
import { verifierPath } from '../ledger/layout.ts'
import type { LedgerLog } from '../ledger/ledger-log.ts'
import { LogReader } from '../ledger/log-reader.ts'
import { hashLeaf } from '../ledger/merkle-tree.ts'
import { makeBundle } from '../ledger/make-bundle.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { verifyConsistency, verifyInclusion } from '../ledger/proof.ts'
import { verifyBundle } from '../ledger/verify-bundle.ts'
import { answerFailure, ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { serveLedger } from './ledger-routes.ts'

const ENTRIES = 700
const entry = (i: number): string => `{"i":${i}}`
const latin1 = (hashes: readonly string[]): string[] => hashes.map((hash) => Buffer.from(hash, 'base64').toString('latin1'))

/** Who may read entries is asked of real tokens in create-api.test.ts. */
describe('the ledger over HTTP', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ledger-routes-'))
  const api = new Hono()
  let log: LedgerLog
  let key = ''

  before(async () => {
    ({ log } = await openLedger({ directory: folder, origin: 'test.example/ledger', durability: 'batched', checkpointIntervalMs: 3_600_000, onFault: () => assert.fail() }))
    for (let i = 0; i < ENTRIES; i++) log.append(entry(i))
    await new Promise((resolve) => log.onWritten(resolve))
    await log.checkpoint()
    log.append('{"newer":"than the checkpoint"}')
    await new Promise((resolve) => log.onWritten(resolve))
    key = readFileSync(verifierPath(folder), 'utf8')
    const services: Pick<ApiServices, 'ledgerReader' | 'verifierKey' | 'identification' | 'policies' | 'ledger' | 'locks' | 'makeBundle' | 'sessions'> = {
      ledgerReader: new LogReader(folder, key), verifierKey: key, ledger: log, locks: { on: () => undefined } as never,
      sessions: { get: () => Promise.resolve(undefined) } as never,
      makeBundle: (session) => makeBundle(session, {
        directory: folder, verifierKey: key, sign: (text) => log.sign(text),
        store: { get: () => Promise.resolve(undefined) }, keys: 'left out',
      }),
      identification: { identify: () => Promise.resolve({ identity: { kind: 'person', name: 'robin', issuer: 'i', subject: 's', groups: ['auditors'], actors: [], claims: {} }, tokenId: 't' }) } as never,
      policies: { current: { version: 1, document: { roles: { auditor: ['auditors'], operator: [], administrator: [], reviewer: [] } } } } as never,
    }
    serveLedger(api, services as ApiServices)
    api.onError((error, context) => {
      if (error instanceof ApiFailure) return answerFailure(context, error)
      throw error
    })
  })
  after(async () => {
    await log.close()
    rmSync(folder, { recursive: true })
  })

  const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> => api.request(path, { headers })
  const auditor = { authorization: 'Bearer x' }

  it('serves checkpoint and key at stable paths', async () => {
    const checkpoint = await get(routes.checkpoint)
    assert.equal(checkpoint.headers.get('content-type'), 'text/plain; charset=UTF-8')
    assert.match(checkpoint.headers.get('cache-control') ?? '', /no-cache/)
    assert.equal(await checkpoint.text(), log.lastCheckpoint.note)
    assert.equal(await (await get(routes.verifier)).text(), key)
  })

  it('serves tiles to anybody and for ever, bundles to those who watch', async () => {
    const tile = await get('/ledger/tile/0/002.p/188')
    assert.equal(tile.status, 200)
    assert.equal(tile.headers.get('content-type'), 'application/octet-stream')
    assert.match(tile.headers.get('cache-control') ?? '', /public.*immutable/)
    assert.equal((await tile.arrayBuffer()).byteLength, 188 * 32)
    assert.equal((await get('/ledger/tile/entries/000')).status, 401)
    const bundle = await get('/ledger/tile/entries/001', auditor)
    assert.equal(bundle.headers.get('content-type'), 'application/octet-stream')
    assert.match(bundle.headers.get('cache-control') ?? '', /^private.*immutable/)
    const bytes = Buffer.from(await bundle.arrayBuffer())
    assert.equal(bytes.toString('utf8', 2, 2 + bytes.readUInt16BE(0)), entry(256))
    const packed = await get('/ledger/tile/entries/001', { ...auditor, 'accept-encoding': 'gzip, identity' })
    assert.equal(packed.headers.get('content-encoding'), 'gzip')
  })

  it('knows no tile beyond the checkpoint, and no other spelling of a path', async () => {
    for (const path of ['0/002.p/189', '0/002', '0/003', '1/000.p/3', '1/000', '2/000.p/1', 'entries/002.p/189', '0/2', '0/x000/002.p/188', '00/000', '0/000.p/256', 'entries']) {
      assert.equal((await get(`/ledger/tile/${path}`, auditor)).status, 404, path)
    }
    assert.equal((await get('/ledger/tile/1/000.p/2')).status, 200)
  })

  it('proves an entry and an earlier tree, of the latest checkpoint where no size is given', async () => {
    const { root } = log.lastCheckpoint
    const inclusion = InclusionProof.parse(await (await get(`${routes.inclusionProof}?index=300`)).json())
    assert.equal(inclusion.size, ENTRIES)
    assert.ok(verifyInclusion(hashLeaf(Buffer.from(entry(300))), 300, ENTRIES, latin1(inclusion.hashes), root))
    const consistency = ConsistencyProof.parse(await (await get(`${routes.consistencyProof}?first=256`)).json())
    const tile = Buffer.from(await (await get('/ledger/tile/1/000.p/1')).arrayBuffer()).toString('latin1')
    assert.ok(verifyConsistency(256, ENTRIES, tile, root, latin1(consistency.hashes)))
    for (const query of ['', '?index=700', '?index=-1', '?index=1e2', '?index=0&size=701', '?index=0&size=0', '?index=01']) {
      assert.equal((await get(`${routes.inclusionProof}${query}`)).status, 400, query)
    }
    for (const query of ['', '?first=0', '?first=701', '?first=5&second=4']) assert.equal((await get(`${routes.consistencyProof}${query}`)).status, 400, query)
  })

  it('sends a session as a bundle that verifies, to auditors, after that is on record', async () => {
    log.append(JSON.stringify({ v: 1, event: 'session.opened', session: 'mine' }))
    await new Promise((resolve) => log.onWritten(resolve))
    await log.checkpoint()
    assert.equal((await get(routes.bundle('mine'))).status, 401)
    assert.equal((await get(routes.bundle('none'), auditor)).status, 404)
    const before = log.size
    const response = await get(routes.bundle('mine'), auditor)
    assert.equal(response.status, 200)
    const path = join(folder, 'mine.tar')
    writeFileSync(path, Buffer.from(await response.arrayBuffer()))
    assert.partialDeepStrictEqual(await verifyBundle(path, key), { ok: true, session: 'mine', entries: 1 })
    assert.equal(log.size, before + 1)
  })
})
