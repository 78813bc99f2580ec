import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import * as raw from '../support/raw-client.ts'
import { createShop } from '../support/shop.ts'

const POLICY = `
masks: []
rules: [{ name: everything, then: allow }]
roles: {}
`

let server: PostgresServer
let gateway: TestGateway
before(async () => {
  server = await startPostgres()
  const shop = await createShop(server)
  await server.query('create table one_each (n integer, constraint one_each_n unique (n) deferrable initially deferred); alter table one_each owner to sallyport', [], shop.database)
  gateway = await startTestGateway({ targets: [{ port: server.port, ...shop }], policy: POLICY, tls: false })
})
after(async () => {
  await gateway.stop()
  await server.stop()
})

const run = (sql: string): Buffer => Buffer.concat([raw.parse('', sql), raw.bind('', ''), raw.execute('')])

test('an outcome in the ledger is what became of it: also when Sync, or a later statement of the pipeline, takes it back', async () => {
  const client = await raw.openRaw(gateway)
  await client.logIn({ user: 'support-bot', database: gateway.database }, await gateway.issuer.agentToken('support-bot'))
  const pipelines: readonly (readonly [readonly string[], readonly string[]])[] = [
    [['insert into one_each values (1)'], ['completed']],
    [['insert into one_each values (1)'], ['failed 23505']],
    [['insert into one_each values (2)', 'insert into one_each values (3)', 'select 1 / (id - id) from orders', 'select 4'], ['failed 22012', 'failed 22012', 'failed 22012', 'aborted']],
    [['begin', 'insert into one_each values (5)', 'commit', 'insert into one_each values (5)'], ['completed', 'completed', 'completed', 'failed 23505']],
    [['begin'], ['completed']],
    [['insert into one_each values (5)'], ['completed']],
    [['commit'], ['failed 23505']],
  ]
  const expected: string[] = []
  for (const [statements, outcomes] of pipelines) {
    client.send(Buffer.concat([...statements.map(run), raw.SYNC]))
    await client.receiveUntil('Z')
    expected.push(...outcomes)
  }
  client.send(run('insert into one_each values (6)'))
  client.send(raw.FLUSH)
  await client.receiveUntil('C')
  client.end()
  expected.push('aborted')
  const outcomes = async () => (await readEvents(gateway.ledgerDirectory)).flatMap((event) => (event.event === 'operation.finished' ? [event] : []))
    .toSorted((a, b) => a.n - b.n).map(({ result, code }) => (code === undefined ? result : `${result} ${code}`))
  await eventually('all are on record', async () => (await outcomes()).length === expected.length)
  assert.deepEqual(await outcomes(), expected)
})
