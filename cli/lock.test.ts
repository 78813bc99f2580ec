import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Journey, startJourney } from '../gateway/test/support/endpoints.ts'
import { readEvents } from '../gateway/test/support/ledger-records.ts'
import { type ClientResult, startClient } from '../gateway/test/support/run-client.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const POLICY = `
masks: []
rules:
  - { name: reads, when: operation.readOnly, then: allow }
roles: { operator: [on-call] }
`

describe('stopping something from the command line', () => {
  let journey: Journey
  before(async () => {
    journey = await startJourney(POLICY)
  })
  after(() => journey.stop())

  function gateway() {
    if (journey.gateway === undefined) throw new Error('this needs the gateway')
    return journey.gateway
  }

  async function sallyport(args: readonly string[], who: string, input = ''): Promise<ClientResult> {
    const { issuer, apiUrl } = gateway()
    const token = who === 'support-bot' ? await issuer.agentToken(who) : await issuer.personToken(who, ['on-call'])
    return startClient(process.execPath, [program, ...args], input, { env: { PATH: process.env['PATH'], SALLYPORT_API: apiUrl, SALLYPORT_IDENTITY_TOKEN: token } }).result
  }
  async function done(args: readonly string[], who = 'olga', input = ''): Promise<string> {
    const { status, output, errors } = await sallyport(args, who, input)
    assert.equal(status, 0, errors)
    return output
  }
  /** Its end, when it comes. */
  async function open(password: string): Promise<{ ended: Promise<Error> }> {
    const { host, port, database, certificate } = gateway()
    const client = new pg.Client({ host, port, user: 'support-bot', password, database, ssl: certificate === undefined ? false : { rejectUnauthorized: false } })
    const ended = new Promise<Error>((resolve) => client.on('error', resolve))
    await client.connect()
    return { ended }
  }

  test('locks an agent, lists and lifts the lock', async () => {
    const { ended } = await open(await gateway().issuer.agentToken('support-bot'))
    assert.match(await done(['lock', 'place', 'agent', 'support-bot', '--reason', 'case 7']), /^The agent support-bot is locked since .* by olga: case 7\n$/)
    await ended
    assert.match(await done(['lock', 'list']), /agent support-bot {2}by olga: case 7/)
    const refused = await sallyport(['token', '--target', 'shop'], 'support-bot')
    assert.equal(refused.status, 1)
    assert.match(refused.errors, /the agent "support-bot" is locked: case 7/)
    assert.match((await sallyport(['lock', 'place', 'identity', 'olga', '--reason', 'x'], 'olga')).errors, /nobody locks themselves/)
    await done(['lock', 'lift', 'agent', 'support-bot', '--reason', 'over'])
    assert.equal(await done(['lock', 'list']), 'Nothing is locked.\n')
  })

  test('revokes a token by itself, or by its id, and makes one for a single session', async () => {
    const token = (await done(['token', '--target', 'shop', '--single-use'], 'support-bot')).trim()
    const first = await open(token)
    await assert.rejects(open(token), /made for one login/)
    await done(['token', 'revoke'], 'support-bot', `${token}\n`)
    await first.ended
    const second = await open((await done(['token', '--target', 'shop'], 'support-bot')).trim())
    const opened = (await readEvents(gateway().ledgerDirectory)).filter((event) => event.event === 'session.opened').at(-1)
    assert.ok(opened?.event === 'session.opened')
    assert.match(await done(['token', 'revoke', opened.tokenId]), /The token is revoked\. Sessions that it opened are ended\./)
    await second.ended
    assert.equal((await sallyport(['token', 'revoke'], 'support-bot')).status, 2)
  })
})
