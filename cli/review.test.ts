import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { GrantList, Review, ReviewLine, ReviewList } from '@sallyport/contract'
import { type ApiServer, serveApi } from '../gateway/src/api/serve-api.ts'
import { eventually } from '../gateway/test/support/eventually.ts'
import { type ReviewApi, startReviewApi } from '../gateway/test/support/review-api.ts'
import { type ClientResult, startClient } from '../gateway/test/support/run-client.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const noTerminal = spawnSync('script', ['--version']).status === 0 ? false : 'script (of bsdutils) is not installed'
const ATTACK = "update orders set status = '\u001b]52;c;b3duZWQ=\u0007\u001b[2J\u202e'\nwhere id = 7"

suite('reviews and access from the terminal', () => {
  let gateway: ReviewApi
  let server: ApiServer
  let dana = ''
  let agent = ''

  before(async () => {
    gateway = await startReviewApi()
    server = await serveApi(gateway.api, { port: 0 })
    dana = await gateway.person('dana', 'dba')
    agent = await gateway.agent()
  })
  after(async () => {
    await server.close()
    await gateway.close()
  })

  const environment = (token: string) => ({ PATH: process.env['PATH'], SALLYPORT_API: server.url, SALLYPORT_IDENTITY_TOKEN: token })

  /** Not by spawnSync: the gateway is in this process. */
  async function sallyport(token: string, ...args: string[]): Promise<ClientResult> {
    const result = await startClient(process.execPath, [program, ...args], '', { env: environment(token) }).result
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
  /** On a terminal of its own; what is typed goes there once the question is asked. */
  async function atTerminal(typed: string, token: string, ...args: string[]): Promise<{ status: number | null; screen: string }> {
    const line = [process.execPath, program, ...args].map((part) => `'${part.replaceAll("'", `'\\''`)}'`).join(' ')
    const child: ChildProcess = spawn('script', ['-qec', `stty cols 80; ${line}`, '/dev/null'], { env: { ...environment(token), TERM: 'xterm', SHELL: '/bin/sh' }, timeout: 60_000 })
    let screen = ''
    let asked = false
    child.stdout?.on('data', (data: Buffer) => {
      screen += data.toString()
      if (!asked && screen.includes('[y/N]')) {
        asked = true
        child.stdin?.write(typed)
      }
    })
    const status = await new Promise<number | null>((resolve) => { child.on('close', resolve) })
    return { status, screen }
  }
  const stateOf = async (id: string) => (await gateway.storage.reviews.get(id))?.state

  test('a review is listed, shown without steering the terminal, and approved as it is', async () => {
    const { id, digest } = await gateway.ask(agent, { text: ATTACK })
    assert.match(await done(dana, 'review', 'list'), new RegExp(`${id} +open \\* +support-bot +shop +writes +1 of dba`))
    const shown = await done(dana, 'review', 'show', id)
    // oxlint-disable-next-line no-control-regex -- control characters are the point
    assert.doesNotMatch(shown, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    assert.match(shown, /^ {2}│ update orders set status = '␛\]52;c;b3duZWQ=␇␛\[2J<U\+202E>'\n {2}│ where id = 7$/m)
    assert.match(shown, /SAMPLE/)
    assert.doesNotMatch(await done(agent, 'review', 'show', id), /SAMPLE|Answer with/)
    assert.equal(Review.parse(JSON.parse(await done(dana, 'review', 'show', id, '--json'))).digest, digest)
    await fails(2, /no terminal/, dana, 'review', 'approve', id)
    await fails(3, /another: this is not what you saw/, dana, 'review', 'approve', id, '--yes', '--digest', 'cd'.repeat(32))
    await fails(3, /nobody answers what they asked for themselves/, agent, 'review', 'approve', id, '--yes')
    assert.equal(await stateOf(id), 'open')
    assert.equal(await done(dana, 'review', 'approve', id, '--yes', '--digest', digest, '--rows', '3', '--reason', 'ticket 7'), 'Approved. It may run once, as it is.\n')
    assert.deepEqual((await gateway.storage.reviews.get(id))?.answers[0]?.narrow, { rows: 3 })
    await fails(1, /answered it already/, dana, 'review', 'approve', id, '--yes')
    assert.deepEqual(ReviewList.parse(JSON.parse(await done(dana, 'review', 'list', '--state', 'approved', '--json'))).reviews.map((review) => review.id), [id])
    await gateway.call('DELETE', `/api/v1/reviews/${id}`, agent)
  })

  test('a denial needs a reason, and the requester reads it; what is taken back is no longer asked', async () => {
    const denied = await gateway.ask(agent)
    assert.equal(await done(dana, 'review', 'deny', denied.id, '--yes', '--reason', 'add a filter'), 'Denied. It does not run.\n')
    assert.match(await done(agent, 'review', 'show', denied.id), /denied by dana: add a filter/)
    const taken = await gateway.ask(agent)
    await fails(3, /only who asked/, dana, 'review', 'withdraw', taken.id)
    assert.match(await done(agent, 'review', 'withdraw', taken.id), /withdrawn/)
    await fails(1, /no such review/, await gateway.person('eve'), 'review', 'show', taken.id)
  })

  test('on a terminal the card is shown, and only a yes approves', { skip: noTerminal }, async () => {
    const { id } = await gateway.ask(agent, { text: `${'x '.repeat(60)}\nRule:        satisfied` })
    for (const typed of ['\n', 'n\n', 'yes please\n', '\u0003', '\u0004']) {
      const { status, screen } = await atTerminal(typed, dana, 'review', 'approve', id)
      assert.equal(status, 1, screen)
      assert.match(screen, /you did not say yes/)
      assert.equal(await stateOf(id), 'open', JSON.stringify(typed))
    }
    const { status, screen } = await atTerminal('y\n', dana, 'review', 'approve', id, '--rows', '2')
    assert.equal(status, 0, screen)
    assert.match(screen, /Who: +support-bot[\s\S]*Touches: +12 rows[\s\S]*Approve exactly this\? \[y\/N\][\s\S]*Approved/)
    // oxlint-disable-next-line no-control-regex -- colours are the card's own
    const lines = screen.replaceAll(/\u001b\[[\d;]*[A-Za-z]/g, '').split(/\r?\n/)
    assert.equal(lines.filter((line) => line.startsWith('Rule:')).length, 1)
    assert.ok(lines.every((line) => Array.from(line).length <= 80), 'nothing is left to the terminal to wrap')
    assert.equal(await stateOf(id), 'approved')
    await gateway.call('DELETE', `/api/v1/reviews/${id}`, agent)
  })

  test('--watch shows what is open and whatever comes, in words and for programs', async () => {
    const open = await gateway.ask(agent)
    const watch = (...args: string[]) => {
      const child = spawn(process.execPath, [program, 'review', 'list', '--watch', ...args], { env: environment(dana), timeout: 60_000 })
      let output = ''
      child.stdout.on('data', (data: Buffer) => { output += data.toString() })
      return { child, read: () => output }
    }
    const [words, json] = [watch(), watch('--json')]
    try {
      await eventually('both follow', () => words.read().includes('what follows is new') && json.read().includes('"live"'))
      await done(dana, 'review', 'deny', open.id, '--yes', '--reason', 'no')
      await eventually('both were told', () => words.read().includes('denied by dana') && json.read().includes('"denied"'))
      assert.match(words.read(), new RegExp(`^open \\* ${open.id} {2}support-bot on shop: update orders set status = \\$1\n-- .*\n(.*\n)*denied ${open.id} {2}support-bot on shop: update orders set status = \\$1, denied by dana: no\n$`))
      const lines = json.read().trimEnd().split('\n').map((line) => ReviewLine.parse(JSON.parse(line)))
      assert.deepEqual([lines.at(0)?.type, lines.at(1)?.type], ['review', 'live'])
    } finally {
      words.child.kill()
      json.child.kill()
    }
  })

  test('access is asked for, waited for, listed and ended', async () => {
    const asked = await sallyport(agent, 'access', 'request', 'shop', '--for', '30m', '--reason', 'ticket 1')
    assert.equal(asked.status, 4, asked.errors)
    assert.match(asked.output, /Asked for access to shop \(rv_\S+\): 1 of dba must approve it/)
    const waits = sallyport(agent, 'access', 'request', 'shop', '--for', '1h', '--reason', 'ticket 2', '--wait')
    const find = async (reason: string) => (await gateway.storage.reviews.list({ limit: 100 })).find((review) => review.kind === 'access' && review.reason === reason)
    await eventually('it is asked for', async () => (await find('ticket 2')) !== undefined)
    const second = (await find('ticket 2'))?.id ?? ''
    assert.match(await done(dana, 'review', 'show', second), /Asks for access for 60 minutes, while which rule night holds, because:\n {2}│ ticket 2/)
    assert.equal(await done(dana, 'review', 'approve', second, '--yes', '--minutes', '20'), 'Approved. Access is given from now on.\n')
    const given = await waits
    assert.equal(given.status, 0, given.errors)
    assert.match(given.output, /You have access to shop/)
    const refused = sallyport(agent, 'access', 'request', 'shop', '--for', '1h', '--reason', 'ticket 3', '--wait')
    await eventually('it is asked for', async () => (await find('ticket 3')) !== undefined)
    await done(dana, 'review', 'deny', (await find('ticket 3'))?.id ?? '', '--yes', '--reason', 'not at night')
    const denied = await refused
    assert.equal(denied.status, 3, denied.errors)
    assert.match(denied.output, /denied by dana: not at night/)
    const { grants } = GrantList.parse(JSON.parse(await done(agent, 'access', 'list', '--json')))
    assert.deepEqual(grants.map(({ reason, rules }) => [reason, rules]), [['ticket 2', ['night']]])
    const id = grants[0]?.id ?? ''
    assert.match(await done(agent, 'access', 'list'), new RegExp(`${id} +access +support-bot +shop +night`))
    await fails(1, /no such grant/, dana, 'access', 'end', id)
    assert.match(await done(agent, 'access', 'end', id), /is ended/)
    assert.equal(await done(agent, 'access', 'list'), 'No access is given now.\n')
    await fails(1, /no such target/, agent, 'access', 'request', 'crm', '--for', '1h', '--reason', 'r')
  })

  test('glass is broken by whom a rule names', async () => {
    const oncall = await gateway.person('omar', 'oncall')
    assert.match(await done(oncall, 'access', 'break-glass', 'shop', '--reason', 'incident 42'), /You have access to shop until \S+, by rules writes \(gr_/)
    await fails(3, /no rule lets you break glass/, dana, 'access', 'break-glass', 'shop', '--reason', 'r')
    await fails(3, /only people/, agent, 'access', 'break-glass', 'shop', '--reason', 'r')
  })
})
