import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplayLine } from '@sallyport/contract'
import { ReplayWriter } from './replay-writer.ts'

const OPENED = '2026-06-15T12:00:00.000Z'
const session = (protocol: string): ReplayLine => ({
  type: 'session',
  session: {
    id: 's1', state: 'closed', identity: { name: 'support-bot', kind: 'agent', issuer: 'corp' }, actors: [], target: 'host', protocol, purpose: 'tests', clientAddress: '127.0.0.1',
    application: 'test', openedAt: OPENED, closedAt: OPENED, reason: null, operations: 1, refused: 0,
  },
})
const output = (atMs: number, text: string | Buffer): ReplayLine => ({ type: 'output', operation: 1, atMs, base64: Buffer.from(text).toString('base64') })

async function play(writer: ReplayWriter, lines: readonly ReplayLine[]): Promise<string> {
  let text = ''
  for (const line of lines) text += await writer.write(line)
  return text + writer.rest()
}

test('a terminal is played with what draws, without what acts, wherever its bytes were split', async () => {
  const writer = new ReplayWriter(20, { statements: false, speed: 1_000, maxWaitMs: 1 })
  await writer.write(session('ssh'))
  const bytes = Buffer.from('\u001b[31mGrüße\u001b]52;c;b3duZWQ=\u0007\u001b[0m\r\n')
  const parts = Array.from(bytes, (byte, index) => output(index, Buffer.of(byte)))
  assert.equal(await play(writer, parts), '\u001b[31mGrüße\u001b[0m\r\n')
})

test('output of any other protocol is text, and nothing in it acts', async () => {
  const writer = new ReplayWriter(20, { statements: false, speed: 1, maxWaitMs: 0 })
  await writer.write(session('postgres'))
  assert.equal(await play(writer, [output(5, 'NOTICE: \u001b[31mred\n')]), 'NOTICE: ␛[31mred\n')
})

test('a result that comes behind others says of which operation it is', async () => {
  const writer = new ReplayWriter(20, { statements: false, speed: 1, maxWaitMs: 0 })
  await writer.write(session('postgres'))
  const rows = (operation: number): ReplayLine[] => [{ type: 'columns', operation, atMs: 1, names: ['n'] }, { type: 'row', operation, atMs: 1, values: [`of ${operation}`] }]
  assert.match(await play(writer, [...rows(1), ...rows(2), ...rows(2), ...rows(1)]), /^┌[^>]*│ of 1 [^]*2>[^>]*│ of 2 [^>]*│ of 2 [^]*1>[^>]*│ of 1 /)
})

test('a terminal keeps its own pace, faster by --speed, and never waits longer than --skip-idle', async () => {
  const timed = async (speed: number, maxWaitMs: number) => {
    const writer = new ReplayWriter(20, { statements: false, speed, maxWaitMs })
    await writer.write(session('ssh'))
    const started = performance.now()
    await play(writer, [output(0, 'a'), output(400, 'b'), output(60_400, 'c')])
    return performance.now() - started
  }
  const paced = await timed(2, 300)
  assert.ok(paced >= 490 && paced < 2_000, `${paced} ms for 200 and 300`)
  assert.ok(await timed(1e6, Infinity) < 250)
})

test('statements wait for their time only when a pace is asked for', async () => {
  const operation: ReplayLine = {
    type: 'operation', number: 1, at: '2026-06-15T12:00:30.000Z', text: 'select 1', textTruncated: false, actions: [], objects: [], parameters: ['a\u001b', null],
    decision: { effect: 'allow', rule: 'reads', policyVersion: 1 },
  }
  const timed = async (statements: boolean) => {
    const writer = new ReplayWriter(20, { statements, speed: 100, maxWaitMs: Infinity })
    await writer.write(session('postgres'))
    const started = performance.now()
    assert.match(await writer.write(operation), /1>.* select 1\n.*\$1 = a␛, \$2 = NULL/)
    return performance.now() - started
  }
  assert.ok(await timed(false) < 200)
  assert.ok(await timed(true) >= 290)
})

test('of a result only the rows that are shown are held, and how many are left is said', async () => {
  const writer = new ReplayWriter(2, { statements: false, speed: 1, maxWaitMs: 0 })
  const rows = Array.from({ length: 10_000 }, (_, n): ReplayLine => ({ type: 'row', operation: 1, atMs: 1, values: [String(n), null, 'x'.repeat(100)] }))
  const text = await play(writer, [{ type: 'columns', operation: 1, atMs: 1, names: ['n', 'nothing', '\u001b[2J'] }, ...rows])
  assert.match(text, /n │ nothing │ ␛\[2J[^]*│ 0 │ NULL {4}│ x{60}…[^]*9998 rows more/)
  assert.equal(text.split('\n').length, 8)
})
