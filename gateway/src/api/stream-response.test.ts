import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Hono } from 'hono'
import { eventually } from '../../test/support/eventually.ts'
import { type ApiServer, serveApi } from './serve-api.ts'
import { streamResponse } from './stream-response.ts'

it('an answer that nobody begins to read frees what it held after a minute, as when its request took too long', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  let ended = 0
  async function* never(): AsyncGenerator<string> { yield 'x' }
  streamResponse(never(), { contentType: 'text/plain', onEnd: () => { ended += 1 } })
  context.mock.timers.tick(59_999)
  assert.equal(ended, 0)
  context.mock.timers.tick(1)
  assert.equal(ended, 1)
})

describe('a streamed answer', () => {
  let server: ApiServer
  let made = 0
  let ended = 0
  let returned = 0

  async function* pieces(count: number, fail = false, pauseMs = 0): AsyncGenerator<string> {
    try {
      for (let number = 0; number < count; number += 1) {
        if (pauseMs > 0) await sleep(pauseMs)
        made += 1
        yield `${number}:${'x'.repeat(1_000)}\n`
      }
      if (fail) throw new Error('the store is gone')
    } finally {
      returned += 1
    }
  }

  before(async () => {
    const options = { contentType: 'text/plain', onEnd: () => { ended += 1 } }
    const api = new Hono()
      .get('/whole', () => streamResponse(pieces(300), options))
      .get('/broken', () => streamResponse(pieces(300, true), options))
      .get('/endless', () => streamResponse(pieces(Infinity), options))
      .get('/live', () => streamResponse(pieces(3, false, 200), { ...options, live: { beat: '\n' } }))
    server = await serveApi(api, { port: 0 })
  })
  after(() => server.close())

  it('comes whole, and frees what it held', async () => {
    const before = ended
    const text = await (await fetch(`${server.url}/whole`)).text()
    assert.deepEqual(text.trimEnd().split('\n').map((line) => Number(line.split(':')[0])), Array.from({ length: 300 }, (_, index) => index))
    assert.equal(ended, before + 1)
  })

  it('is cut off when its source fails, so that nobody takes a part for the whole', async () => {
    const before = ended
    const response = await fetch(`${server.url}/broken`)
    await assert.rejects(response.text(), /terminated/)
    assert.equal(ended, before + 1)
  })

  it('makes no more than the client takes, and stops when the client goes', async () => {
    const [endedBefore, returnedBefore] = [ended, returned]
    const leave = new AbortController()
    const response = await fetch(`${server.url}/endless`, { signal: leave.signal })
    await response.body?.getReader().read()
    await sleep(300)
    const soFar = made
    await sleep(300)
    assert.equal(made, soFar, 'it waits for the client')
    leave.abort()
    await eventually('the source is closed', () => ended === endedBefore + 1 && returned === returnedBefore + 1)
  })

  it('sends each piece at once when it is live', async () => {
    const reader = (await fetch(`${server.url}/live`)).body?.getReader()
    const times: number[] = []
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) times.push(performance.now())
    assert.equal(times.length, 3)
    assert.ok((times[2] ?? 0) - (times[0] ?? 0) > 300, 'they came apart')
  })
})
