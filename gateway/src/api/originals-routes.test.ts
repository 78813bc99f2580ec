import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { routes, SealedOriginals } from '@sallyport/contract'
import type { Hono } from 'hono'
import { readEvents } from '../../test/support/ledger-records.ts'
import { type RecordingSetup, setUpRecording } from '../../test/support/recording-setup.ts'
import { rawPublicKey } from '../governance/recording/hpke.ts'
import { readSealedOriginals } from '../governance/recording/originals.ts'
import { readStream } from '../governance/recording/read-stream.ts'
import { auditorKey } from '../open-originals.ts'
import type { ApiServices } from './api-services.ts'
import { createApi } from './create-api.ts'

let setup: RecordingSetup
let api: Hono
const { publicKey, privateKey } = generateKeyPairSync('x25519')

before(async () => {
  setup = await setUpRecording()
  await setup.session('plain')
  await setup.session('one', { record: { rows: 'none', originals: { publicKey: rawPublicKey(publicKey).toString('base64') } }, masked: 'dana@example.com' })
  const services = {
    identification: {
      identify: (token: string) => Promise.resolve({ identity: { kind: 'person', name: token, issuer: 'corp', subject: token, groups: [token], actors: [], claims: {} }, tokenId: 't' }),
    },
    policies: { current: { document: { roles: { auditor: ['audit'], administrator: ['admin'], operator: ['ops'], reviewer: [] } } } },
    sessions: setup.storage.sessions, ledger: setup.ledger, gateways: { self: 'gateway' },
    reading: { originals: (session: string) => readSealedOriginals(readStream(session, setup.sources)) },
    locks: { on: () => undefined } as never,
    log: { info: () => undefined, error: () => undefined },
  }
  api = createApi(services as unknown as ApiServices)
})
after(() => setup.close())

const get = (session: string, who: string) => api.request(routes.sessionOriginals(session), { headers: { authorization: `Bearer ${who}` } })

test('an auditor gets what only the private key opens, and that it was asked for is on record', async () => {
  const response = await get('one', 'audit')
  assert.equal(response.status, 200)
  const lines = (await response.text()).trim().split('\n').map((line) => Buffer.from(SealedOriginals.parse(JSON.parse(line)).sealed, 'base64'))
  const key = auditorKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  assert.deepEqual(lines.flatMap((sealed) => [...key.open('one', sealed)]), [{ operation: 1, row: 1, column: 2, value: Buffer.from('dana@example.com') }])
  assert.ok((await readEvents(setup.ledgerDirectory)).some((event) => event.event === 'administrator.acted' && event.action === 'session.originals' && event.subject === 'one' && event.by === 'audit'))
})

test('of a session without any there is nothing', async () => {
  assert.equal(await (await get('plain', 'audit')).text(), '')
})

test('nobody but an auditor gets them, not even sealed', async () => {
  for (const who of ['admin', 'ops', 'support-bot']) assert.equal((await get('one', who)).status, 403, who)
  assert.equal((await get('none', 'audit')).status, 404)
})
