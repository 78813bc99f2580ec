import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { ALLOW_ALL } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import * as raw from '../support/raw-client.ts'
import { type Shop, createShop } from '../support/shop.ts'

/**
 * Parameters of the startup packet by which a client could say who the gateway is on the target, or where. The policy
 * allows everything, and the gateway's role may do everything: nothing but the reading of the packet stands in between.
 */
const REFUSED: readonly (readonly [name: string, parameters: Readonly<Record<string, string>>])[] = [
  ['another database', { options: '-c database=postgres' }],
  ['another database in one word', { options: '-cdatabase=postgres' }],
  ['another database as a long option', { options: '--database=postgres' }],
  ['another database in capitals', { options: '-c DataBase=postgres' }],
  ['another database behind a harmless setting', { options: '-c geqo=off -c database=postgres' }],
  ['another database with a letter escaped', { options: '-c data\\base=postgres' }],
  ['another database after a tab', { options: '-c\tdatabase=postgres' }],
  ['another user', { options: '-c user=postgres' }],
  ['another user as a long option', { options: '--user=postgres' }],
  ['another user by a second spelling of the parameter', { User: 'postgres' }],
  ['another database by a second spelling of the parameter', { Database: 'postgres' }],
  ['options by a second spelling of the parameter', { OPTIONS: '-c user=postgres' }],
  ['replication', { replication: 'database' }],
  ['replication in capitals', { REPLICATION: 'true' }],
  ['replication as an option', { options: '-c replication=database' }],
  ['options within options', { options: '-c options=-cdefault_transaction_read_only=off' }],
  ['a protocol option as a setting', { options: '-c _pq_.nosuch=1' }],
  ['a switch of the server', { options: '-d 5' }],
  ['the end of options', { options: '-- -c geqo=off' }],
  ['a word that is no option', { options: 'postgres' }],
]

let server: PostgresServer
let shop: Shop
let gateway: TestGateway
before(async () => {
  server = await startPostgres({ settings: { log_connections: 'on', log_statement: 'all' } })
  shop = await createShop(server)
  await server.query(`alter role ${shop.user} superuser replication`)
  gateway = await startTestGateway({ targets: [{ port: server.port, ...shop }], policy: ALLOW_ALL, tls: false })
  // The gateway's own connection for the catalog is there from the first login on.
  await ask({}, 'show geqo')
})
after(async () => {
  await gateway.stop()
  await server.stop()
})

interface Answer {
  readonly login: readonly raw.RawMessage[]
  readonly rows: readonly (string | null)[][]
}

async function ask(parameters: Readonly<Record<string, string>>, sql: string): Promise<Answer> {
  const client = await raw.openRaw(gateway)
  try {
    const password = await gateway.issuer.agentToken('support-bot')
    const login = await client.logIn({ user: 'support-bot', database: gateway.database, ...parameters }, password)
    // Sent whatever was answered: a client that was refused may go on.
    client.send(raw.query(sql))
    const answers = await client.receiveUntil('Z')
    return { login, rows: answers.filter(({ type }) => type === 'D').map(raw.rowValues) }
  } finally {
    client.end()
  }
}

/** Who came to the target since, and what it was told to run. */
function arrivalsSince(logged: number): { readonly connections: string[]; readonly statements: string[] } {
  const lines = server.log().slice(logged).split('\n')
  return {
    connections: lines.filter((line) => /connection (?:received|authenticated|authorized)/.test(line)),
    statements: lines.filter((line) => line.includes('marked')),
  }
}

describe('a login is refused before anything comes to the target, for', () => {
  for (const [name, parameters] of REFUSED) {
    test(name, async () => {
      const logged = server.log().length
      const { login, rows } = await ask(parameters, `select 'marked', current_user, current_database()`)
      const last = login.at(-1)
      assert.equal(last?.type, 'E')
      assert.equal(raw.errorFields(last)['C'], '0A000', JSON.stringify(raw.errorFields(last)))
      assert.equal(raw.errorFields(last)['S'], 'FATAL')
      const isAccepted = ({ type, body }: raw.RawMessage): boolean =>
        type === 'K' || type === 'Z' || (type === 'R' && body.readInt32BE(0) === 0)
      assert.ok(!login.some(isAccepted))
      assert.deepEqual(rows, [])
      assert.deepEqual(arrivalsSince(logged), { connections: [], statements: [] })
    })
  }
})

test('a setting comes to the target, as the user and in the database of the target alone', async () => {
  const harmless = [...['-c geqo=off', '--geqo=off', '-cge\\qo=off'].map((options) => ({ options })), { geqo: 'off' }, { GEQO: 'off' }]
  for (const parameters of harmless) {
    const logged = server.log().length
    const sql = `select 'marked', current_user, current_database(), current_setting('geqo')`
    const { login, rows } = await ask(parameters, sql)
    assert.equal(login.at(-1)?.type, 'Z', JSON.stringify(raw.errorFields(login.at(-1))))
    assert.deepEqual(rows, [['marked', shop.user, shop.database, 'off']])
    const { connections, statements } = arrivalsSince(logged)
    assert.equal(statements.length, 1)
    const authorized = connections.filter((line) => line.includes('authorized'))
    assert.equal(authorized.length, 1)
    assert.ok(authorized[0]?.includes(`user=${shop.user} database=${shop.database}`), authorized[0])
  }
})
