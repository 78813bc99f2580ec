import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Hono } from 'hono'
import { liveResponse } from './live-response.ts'

async function* lines(): AsyncGenerator<object> {
  yield { type: 'session' }
  yield { type: 'operation', text: 'select 1\nfrom x\r\n\ndata: y\u2028' }
  yield { type: 'end' }
}

describe('lines as they happen', () => {
  let ended = 0
  const api = new Hono()
    .get('/session', (context) => liveResponse(context, lines(), { isRepeatable: true, onEnd: () => { ended += 1 } }))
    .get('/reviews', (context) => liveResponse(context, lines(), { isRepeatable: false, onEnd: () => undefined }))
  const ask = async (path: string, headers: Record<string, string>) => {
    const answer = await api.request(path, { headers })
    return { type: answer.headers.get('content-type'), text: await answer.text() }
  }
  const [first, second, third] = ['{"type":"session"}', String.raw`{"type":"operation","text":"select 1\nfrom x\r\n\ndata: y${'\u2028'}"}`, '{"type":"end"}']

  it('are newline-delimited JSON unless a client asks for events', async () => {
    for (const accept of ['', '*/*', 'application/json', 'text/event-streams', 'xtext/event-stream']) {
      assert.deepEqual(await ask('/session', { accept }), { type: 'application/x-ndjson', text: `${first}\n${second}\n${third}\n` }, accept)
    }
    assert.equal(ended, 5)
  })

  it('are server-sent events for a client that does, whatever they hold', async () => {
    for (const accept of ['text/event-stream', 'text/html, text/event-stream;q=0.9', 'TEXT/EVENT-STREAM']) {
      assert.deepEqual(await ask('/reviews', { accept }), { type: 'text/event-stream', text: `data: ${first}\n\ndata: ${second}\n\ndata: ${third}\n\n` }, accept)
    }
  })

  it('go on after the last that a client has, where they are the same each time', async () => {
    const after = async (path: string, id: string) => (await ask(path, { accept: 'text/event-stream', 'last-event-id': id })).text
    assert.equal(await after('/session', '2'), `id: 3\ndata: ${third}\n\n`)
    assert.equal(await after('/session', '9'), '')
    for (const odd of ['', '-1', '1e9', 'x', '99999999999999999999']) assert.equal(await after('/session', odd), `id: 1\ndata: ${first}\n\nid: 2\ndata: ${second}\n\nid: 3\ndata: ${third}\n\n`, odd)
    assert.equal(await after('/reviews', '2'), `data: ${first}\n\ndata: ${second}\n\ndata: ${third}\n\n`)
  })
})
