import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import pg from 'pg'
import { eventually } from '../support/eventually.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { readEvents } from '../support/ledger-records.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { ApiUser, person } from '../support/reviewing.ts'
import { startClient } from '../support/run-client.ts'
import { createShop, type Shop } from '../support/shop.ts'

const POLICY = `
masks:
  - { name: personal, columns: [customers.email, customers.ssn], method: redact }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: writes, when: '!operation.readOnly', then: review, reviewers: [dba], preview: count }
roles: { reviewer: [dba], operator: [on-call], auditor: [audit], administrator: [platform] }
`

/** One journey through all that handles secrets; then every byte that it left anywhere is searched for each of them. */
let server: PostgresServer
let shop: Shop
let gateway: TestGateway
/** What the target logged before: the test itself made a role, with a password. */
let loggedBefore = 0
const data = mkdtempSync(join(tmpdir(), 'sallyport-no-secrets-'))
const secrets = new Map<string, string>()
const said: string[] = []
const commandLines = new Set<string>()
const receiver = createServer((request, response) => {
  request.on('data', (chunk: Buffer) => said.push(chunk.toString())).on('end', () => response.end('taken'))
})

const secret = (name: string, value: string): string => {
  secrets.set(name, value)
  // A token is as good as its parts: header and claims alone are no secret, the signature makes them one.
  const [, , signature] = value.split('.')
  if (signature !== undefined) secrets.set(`the signature of ${name}`, signature)
  return value
}

function noteCommandLines(): void {
  for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      commandLines.add(readFileSync(`/proc/${id}/cmdline`, 'utf8'))
    } catch {
      // It has ended meanwhile.
    }
  }
}

before(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
  shop = await createShop(server)
  await server.query(`alter role ${shop.user} createrole; create role support_reader nologin; grant support_reader to ${shop.user} with admin option`, [])
  await server.query('grant select, update on all tables in schema public to support_reader', [], 'shop')
  loggedBefore = server.log().length
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const webhook = secret('the signing secret of the webhook', `whsec_${randomBytes(32).toString('base64')}`)
  gateway = await startTestGateway({
    targets: [{ port: server.port, user: shop.user, password: secret('the password of the target', shop.password), database: shop.database, perSession: '{ role: support_reader }' }],
    policy: POLICY, tls: false, data, environment: { TEST_WEBHOOK_SECRET: webhook },
    settings: `reviews: { webhooks: [{ name: chat, url: 'http://127.0.0.1:${port}/', secret: 'env:TEST_WEBHOOK_SECRET', include: statement }] }`,
  })
})
after(async () => {
  await gateway.stop()
  receiver.close()
  await server.stop()
  rmSync(data, { recursive: true, force: true })
})

async function connect(password: string, database = gateway.database): Promise<pg.Client> {
  const client = new pg.Client({ host: gateway.host, port: gateway.port, user: 'support-bot', password, database })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const refused = (password: string, database?: string): Promise<void> => assert.rejects(connect(password, database)).then(() => undefined)

test('no secret of a whole journey stands in the clear in any log, error, command line, recording, ledger or state', async () => {
  const agentToken = secret('the token of the agent', await gateway.issuer.agentToken('support-bot'))
  const danaToken = secret('the token of the reviewer', await gateway.issuer.personToken('dana', ['dba']))
  const adminToken = secret('the token of the administrator', await gateway.issuer.personToken('paul', ['platform', 'on-call', 'audit']))
  const strangerToken = secret('the token of an agent that nobody registered', await gateway.issuer.agentToken('stranger'))
  const exchange = async (token: string, more: Record<string, string> = {}): Promise<Record<string, string>> => {
    const answer = await fetch(`${gateway.apiUrl}/oauth/token`, { method: 'POST', body: new URLSearchParams({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', audience: 'shop', ...more,
    }) })
    const text = await answer.text()
    if (answer.status >= 400) said.push(text)
    return JSON.parse(text) as Record<string, string>
  }
  const sessionToken = secret('a session token', (await exchange(agentToken))['access_token'] ?? assert.fail())
  const onceToken = secret('a session token for one login', (await exchange(agentToken, { single_use: 'true' }))['access_token'] ?? assert.fail())
  await exchange(strangerToken)
  await exchange(sessionToken)

  const client = await connect(sessionToken)
  await client.query('select * from customers order by id limit 50')
  const own = await client.query<{ name: string; verifier: string | null }>('select current_user as name, null as verifier')
  assert.equal(own.rows.length, 1)
  await client.query('select $1::text as given', ['a value'])
  await (await connect(onceToken)).end()
  await refused(onceToken)
  await refused(agentToken, 'nothing-like-it')
  await refused(strangerToken)
  await refused(`${agentToken.slice(0, -4)}AAAA`)
  await refused(secret('a password given by mistake', randomBytes(24).toString('hex')))

  const dana = new ApiUser(() => gateway, danaToken)
  const running = client.query("update orders set status = 'seen' where id = 1")
  await dana.approve(await dana.asked("'seen'"))
  assert.equal((await running).rowCount, 1)
  noteCommandLines()

  const psql = startClient('psql', ['-X', '-c', 'select count(*) from orders'], '', {
    env: { PATH: process.env['PATH'], PGHOST: gateway.host, PGPORT: String(gateway.port), PGUSER: 'support-bot', PGDATABASE: gateway.database, PGPASSWORD: sessionToken, PGSSLMODE: 'disable' },
  })
  const cli = startClient(process.execPath, [join(import.meta.dirname, '../../../cli/sallyport.mjs'), 'review', 'list', '--all', '--api', gateway.apiUrl], '', { env: { PATH: process.env['PATH'], HOME: data, SALLYPORT_IDENTITY_TOKEN: danaToken } })
  noteCommandLines()
  for (const { output, errors } of [await psql.result, await cli.result]) said.push(output, errors)

  const admin = new ApiUser(() => gateway, adminToken)
  const asked = ['/api/v1/sessions', '/api/v1/policy', '/api/v1/targets', '/api/v1/reviews', '/api/v1/agents', '/api/v1/locks', '/api/v1/reviews/channels', '/api/v1/whoami', '/api/v1/nothing']
  for (const path of asked) said.push(JSON.stringify(await admin.call('GET', path)))
  said.push(JSON.stringify(await admin.call('POST', '/api/v1/policy', 'version: 1\nnonsense: true')))
  said.push(JSON.stringify(await new ApiUser(() => gateway, strangerToken).call('GET', '/api/v1/sessions')))
  const nobody = await person(() => gateway, 'nobody')
  said.push(JSON.stringify(await nobody.call('POST', '/api/v1/access', { target: 'shop', minutes: 5, reason: 'to see what it says' })))
  await client.end()
  await eventually('the sessions are closed', async () => (await readEvents(gateway.ledgerDirectory)).filter(({ event }) => event === 'session.closed').length >= 3)
  await eventually('the webhook was told', () => said.some((text) => text.includes('review.requested')))
  await gateway.kill()

  const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name !== 'master.key' && !/\.(?:key|crt)$/.test(entry.name))
  const kept = files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name))] as const)
  assert.ok(kept.some(([path]) => path.includes('ledger')) && kept.some(([path]) => path.endsWith('.db')) && kept.some(([path]) => path.includes('recordings')))
  const places: (readonly [string, Buffer])[] = [
    ...kept, ['what clients and callers were told', Buffer.from(said.join('\n'))], ['command lines', Buffer.from([...commandLines].join('\n'))], ['the log of the target', Buffer.from(server.log().slice(loggedBefore))],
  ]
  assert.ok(places.some(([, bytes]) => bytes.includes('support-bot')))
  for (const [name, value] of secrets) {
    for (const form of [value, Buffer.from(value).toString('base64').slice(0, -4), Buffer.from(value).toString('hex'), encodeURIComponent(value)]) {
      for (const [place, bytes] of places) {
        for (const content of [bytes, ...unpacked(bytes)]) assert.ok(!content.includes(form), `${name} stands in ${place}`)
      }
    }
  }
  assert.ok(existsSync(join(data, 'gateway.log')))
})

/** What a file holds beneath its compression, where it is a compressed file as a whole. */
function unpacked(bytes: Buffer): Buffer[] {
  return [gunzipSync, inflateSync, brotliDecompressSync, zstdDecompressSync].flatMap((unpack) => {
    try {
      return [unpack(bytes)]
    } catch {
      return []
    }
  })
}
