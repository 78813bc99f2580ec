import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Exchange } from '../../governance/exchange.ts'
import type { ConnectionContext } from './connection-context.ts'
import type { GlobalRequests } from './global-requests.ts'
import { Listens } from './listens.ts'
import { SshWriter } from './wire/ssh-writer.ts'

const nobody = {} as unknown as GlobalRequests

test('what waits for people leaves with the connection, and what does not wait any more is forgotten', () => {
  const exchanges: Exchange[] = []
  const gatekeeper = { govern: (_session: unknown, exchange: Exchange) => exchanges.push(exchange) }
  const listens = new Listens({ gatekeeper, session: { target: { name: 'shop' } } } as unknown as ConnectionContext)
  const left: number[] = []
  for (const port of [1, 2]) {
    listens.ask(new SshWriter().string('localhost').uint32(port).take(), { settle: () => undefined }, nobody)
    exchanges.at(-1)?.reviewable?.beginWait({ cancel: () => undefined, leave: () => left.push(port) })
  }
  exchanges[0]?.refuse({ rule: 'asked', message: 'no', code: 'denied' } as unknown as Parameters<Exchange['refuse']>[0])
  listens.abandon()
  assert.deepEqual(left, [2])
})
