import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { test } from 'node:test'
import { portOf, startListening } from './listening.ts'

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

test('a port that is taken is an error, and a connection that cannot be accepted is none', async () => {
  const server = net.createServer((socket) => socket.end('served'))
  const told: string[] = []
  await startListening(server, { host: '127.0.0.1', port: 0 }, { ...quiet, error: (_details, message) => told.push(message) })
  await assert.rejects(startListening(net.createServer(), { host: '127.0.0.1', port: portOf(server) }, quiet), { code: 'EADDRINUSE' })
  for (let i = 0; i < 3; i++) server.emit('error', new Error('accept EMFILE'))
  assert.equal(told.length, 3)
  const [words] = (await once(net.connect(portOf(server), '127.0.0.1'), 'data')) as [Buffer]
  assert.equal(words.toString(), 'served')
  server.close()
  await once(server, 'close')
  assert.equal(portOf(server), 0)
})
