import assert from 'node:assert/strict'
import { Duplex, PassThrough } from 'node:stream'
import { test } from 'node:test'
import { ChannelRelay } from './channel-relay.ts'
import type { KubeSession } from './kube-session.ts'
import type { Transcript } from './transcript.ts'

test('a client that is slow leaves no listener behind each time that it is waited for', async () => {
  let taken = 0
  let most = 0
  const client = new Duplex({
    highWaterMark: 1,
    read: () => undefined,
    write(_chunk, _encoding, done) {
      taken++
      most = Math.max(most, client.listenerCount('close'), client.listenerCount('error'))
      setImmediate(done)
    },
  })
  const upstream = new PassThrough()
  const relay = new ChannelRelay({
    client, upstream, kind: 'raw', transcript: { channel: () => undefined } as unknown as Transcript, kube: { room: () => undefined } as unknown as KubeSession,
    signal: new AbortController().signal, maskers: undefined, trees: [],
  }).run()
  for (let i = 0; i < 50; i++) {
    upstream.write('x')
    await new Promise((resolve) => setImmediate(resolve))
  }
  upstream.end()
  client.push(null)
  await relay
  assert.ok(taken >= 10, String(taken))
  assert.ok(most < 8, `${most} listeners`)
})
