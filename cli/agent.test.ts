import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AgentChange, AgentList, Campaign } from '@sallyport/contract'
import { type ApiServer, serveApi } from '../gateway/src/api/serve-api.ts'
import { type AgentApi, startAgentApi } from '../gateway/test/support/agent-api.ts'
import { type ClientResult, startClient } from '../gateway/test/support/run-client.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))

suite('agents from the terminal', () => {
  let gateway: AgentApi
  let server: ApiServer
  let amy = ''
  let ada = ''
  let dana = ''

  before(async () => {
    gateway = await startAgentApi()
    server = await serveApi(gateway.api, { port: 0 })
    amy = await gateway.person('amy', 'admins')
    ada = await gateway.person('ada', 'auditors')
    dana = await gateway.person('dana')
  })
  after(async () => {
    await server.close()
    await gateway.close()
  })

  /** Not by spawnSync: the gateway is in this process. */
  async function sallyport(token: string, ...args: string[]): Promise<ClientResult> {
    const environment = { PATH: process.env['PATH'], SALLYPORT_API: server.url, SALLYPORT_IDENTITY_TOKEN: token }
    const result = await startClient(process.execPath, [program, 'agent', ...args], '', { env: environment }).result
    assert.doesNotMatch(result.output + result.errors, /\n\s+at /, 'no stack')
    assert.ok(!(result.output + result.errors).includes(token), 'no token')
    return result
  }
  async function done(token: string, ...args: string[]): Promise<string> {
    const { status, output, errors } = await sallyport(token, ...args)
    assert.equal(status, 0, errors)
    return output
  }
  async function fails(status: number, words: RegExp, token: string, ...args: string[]): Promise<void> {
    const result = await sallyport(token, ...args)
    assert.equal(result.status, status, result.errors)
    assert.match(result.errors, words)
  }

  test('an agent is registered, listed, shown and removed', async () => {
    const words = await done(amy, 'add', 'new-bot', '--issuer', 'corp', '--match', 'azp=new-bot', '--match', 'env=a=b', '--owner', 'dana', '--purpose', 'tries \u001b[2Jthings', '--targets', 'shop,crm', '--expires', '2099-12-31')
    assert.match(words, /^Registered new-bot\. Version 2 of the policy is in force\.\nThe gateway's own document does not say so/)
    assert.match(await gateway.policyText(), /match:\n +azp: new-bot\n +env: a=b\n/)
    assert.match(await gateway.policyText(), /# Tickets\./)
    const table = await done(amy, 'list')
    assert.match(table, /^AGENT +OWNER +EXPIRES .*\n.*support-bot +dana \(never seen\) +never +never +0 +0 +0 +0 +1 +2 /)
    assert.ok(!table.includes('\u001b'))
    assert.deepEqual(AgentList.parse(JSON.parse(await done(amy, 'list', '--orphaned', '--unused', '30d', '--json'))).agents.map(({ name }) => name), ['support-bot', 'nightly', 'old-bot', 'new-bot'])
    assert.equal(await done(await gateway.person('eve'), 'list'), 'No agents.\n')
    const card = await done(dana, 'show', 'new-bot')
    assert.match(card, /Recognised by: azp=new-bot and env=a=b, issuer corp\nTargets: {7}shop, crm\nExpires: {7}after 2099-12-31 \(UTC\)\nLast seen: {5}never\n/)
    assert.match(card, /Never used: {4}targets shop, crm\nNever hit: {5}rules reads, crm-writes, drops\n$/)
    assert.ok(!card.includes('\u001b'))
    await fails(1, /no such agent/, await gateway.person('eve'), 'show', 'new-bot')
    await fails(3, /role administrator/, dana, 'remove', 'new-bot', '--yes')
    await fails(2, /nobody is here to say yes/, amy, 'remove', 'new-bot')
    await fails(1, /version 2 of the policy is in force/, amy, 'remove', 'new-bot', '--yes', '--policy-version', '1')
    assert.match(await done(amy, 'remove', 'new-bot', '--yes'), /^Removed new-bot\. Version 3/)
  })

  test('what is mistyped is said before anything is sent', async () => {
    const rest = ['--owner', 'dana', '--purpose', 'p', '--issuer', 'corp']
    await fails(2, /a claim and its value/, amy, 'add', 'x', '--match', 'azp', ...rest)
    await fails(2, /given twice/, amy, 'add', 'x', '--match', 'azp=1', '--match', 'azp=2', ...rest)
    await fails(2, /--owner/, amy, 'add', 'x', '--match', 'azp=1', '--issuer', 'corp', '--purpose', 'p')
    await fails(2, /time in days/, amy, 'list', '--unused', '30')
    await fails(1, /9:\d+|see line 9/, amy, 'add', 'x', '--match', 'azp=nightly', ...rest)
  })

  test('a campaign is opened, decided, closed and applied', async () => {
    const { id } = Campaign.parse(JSON.parse(await done(ada, 'campaign', 'open', '--due', '14d', '--reason', 'first quarter', '--json')))
    assert.match(await done(dana, 'campaign', 'show', id), /\* +nightly +dana +never +0 +open/)
    assert.equal(await done(dana, 'campaign', 'keep', id, 'support-bot', '--reason', 'in use'), 'support-bot is confirmed. 1 more wait for you.\n')
    assert.equal(await done(dana, 'campaign', 'keep', id, 'nightly', '--reason', 'in use'), 'nightly is confirmed. 0 more wait for you.\n')
    await fails(1, /nobody has decided on 1 of 3 agents/, ada, 'campaign', 'close', id)
    await fails(1, /it is due on/, ada, 'campaign', 'close', id, '--remove-overdue')
    await done(await gateway.person('rita', 'reviewers'), 'campaign', 'remove', id, 'old-bot', '--reason', 'nobody knows it')
    assert.equal(await done(ada, 'campaign', 'close', id), `Campaign ${id} is closed: 2 confirmed, 1 to be removed.\n`)
    assert.match(await done(amy, 'campaign', 'apply', id, '--dry-run'), /^To be removed: this agent of version \d+:\n {2}old-bot\n$/)
    assert.deepEqual(AgentChange.parse(JSON.parse(await done(amy, 'campaign', 'apply', id, '--yes', '--json'))).agents, ['old-bot'])
    assert.match(await done(ada, 'campaign', 'list'), new RegExp(`${id} +applied \\(\\d+\\) `))
    assert.equal(await done(amy, 'campaign', 'apply', id, '--dry-run'), 'Nothing to do.\nLeft: old-bot, it is not in the policy any more\n')
  })

  test('agents are pruned as they were listed', async () => {
    const live = await gateway.session({ name: 'nightly' }, 'shop')
    assert.match(await done(amy, 'prune', '--unused', '90d', '--dry-run'), /to be removed: this agent of version \d+:\n {2}support-bot\n$/)
    await fails(2, /nobody is here to say yes/, amy, 'prune', '--unused', '90d')
    assert.match(await done(amy, 'prune', '--unused', '90d', '--yes'), /^Removed support-bot\. Version/)
    assert.equal(await done(amy, 'prune', '--unused', '90d', '--yes'), 'Nothing to do.\n')
    await live.end()
  })
})
