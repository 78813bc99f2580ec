import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { routes } from '@sallyport/contract'
import pg from 'pg'
import { audit } from '../../src/ledger/audit.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { eventually } from '../support/eventually.ts'
import type { TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { person } from '../support/reviewing.ts'
import { createShop, type Shop } from '../support/shop.ts'
import { startTwoGateways } from '../support/two-gateways.ts'

const POLICY = `
masks: []
rules: [{ name: reads, when: operation.readOnly, then: allow }]
roles: { reviewer: [], operator: [], auditor: [audit], administrator: [platform] }
`

let server: PostgresServer
let shop: Shop
before(async () => {
  server = await startPostgres()
  shop = await createShop(server)
})
after(() => server.stop())

const withRetention = (document: string): string => document.replace('labels: { env: test }', 'labels: { env: test }\n    retention: 1s')

for (const layout of ['a folder each', 'one folder for both'] as const) {
  describe(`retention of two gateways with ${layout}`, () => {
    test('each destroys what it had, says so in its own ledger, keeps what is held, and both ledgers are proved', async () => {
      const shared = mkdtempSync(join(tmpdir(), 'sallyport-shared-recordings-'))
      const gateways = await startTwoGateways(server, { targets: [{ port: server.port, user: shop.user, password: shop.password, database: shop.database }], policy: POLICY, tls: false },
        layout === 'a folder each' ? '' : `recording: { directory: ${shared} }`)
      let { one, two } = gateways
      try {
        const folder = (gateway: TestGateway): string => (layout === 'a folder each' ? join(gateway.ledgerDirectory, '..', 'recordings') : shared)
        const prove = async (gateway: TestGateway) => (await audit(gateway.ledgerDirectory, readFileSync(verifierPath(gateway.ledgerDirectory), 'utf8'), { recordings: folder(gateway) })).report
        const session = async (gateway: TestGateway): Promise<string> => {
          const client = new pg.Client({ host: gateway.host, port: gateway.port, user: 'support-bot', password: await gateways.issuer.agentToken('support-bot'), database: gateway.database })
          await client.connect()
          const { rows } = await client.query<{ pid: number }>('select count(*) as pid from customers')
          assert.equal(rows.length, 1)
          await client.end()
          let id = ''
          await eventually('it is on record', async () => {
            const sealed = (await readEvents(gateway.ledgerDirectory)).filter((event) => event.event === 'segment.sealed')
            id = sealed.at(-1)?.session ?? ''
            return id !== '' && !known.includes(id)
          })
          known.push(id)
          return id
        }
        const known: string[] = []
        const atOne = await session(one)
        const atTwo = await session(two)
        const heldAtTwo = await session(two)
        const auditor = await person(() => one, 'avery', 'audit')
        assert.ok((await auditor.call('POST', routes.holds, { kind: 'session', subject: heldAtTwo, reason: 'case 2031' })).status < 300)
        await eventually('the sessions are over', async () => {
          const ends = await server.query('select id from sessions where closed_at is not null', [], 'state')
          return ends.length === 3
        })

        await one.kill()
        one = await one.restart(withRetention)
        await eventually('one has destroyed its own', () => !existsSync(join(folder(one), atOne)))
        await eventually('and said so', async () => (await readEvents(one.ledgerDirectory)).some((event) => event.event === 'recording.destroyed' && event.session === atOne))
        for (const gateway of [one, two]) assert.deepEqual((await prove(gateway)).bad, undefined)

        await two.kill()
        two = await two.restart(withRetention)
        await eventually('two has destroyed its own', () => !existsSync(join(folder(two), atTwo)))
        const destroyedBy = async (gateway: TestGateway): Promise<string[]> =>
          (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'recording.destroyed' ? [event.session] : []))
        assert.deepEqual([await destroyedBy(one), await destroyedBy(two)], [[atOne], [atTwo]])
        assert.equal(existsSync(join(folder(two), heldAtTwo)), true, 'what is held stays')
        for (const gateway of [one, two]) assert.deepEqual((await prove(gateway)).bad, undefined)
      } finally {
        await one.stop()
        await two.stop()
        await gateways.stop()
        await server.query('drop database state with (force)')
        rmSync(shared, { recursive: true, force: true })
      }
    })
  })
}
