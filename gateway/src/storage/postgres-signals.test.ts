import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../../test/support/eventually.ts'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import type { Change } from '../governance/review/change-signals.ts'
import { openStorage, type Storage } from './open-storage.ts'
import { PostgresSignals, type PostgresSignalsOptions, SIGNAL_CHANNEL } from './postgres-signals.ts'

const change = (id: string): Change => ({ what: 'review', id })
const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

describe('signals between gateways', () => {
  let server: PostgresServer
  let one: Storage
  let two: Storage
  before(async () => {
    server = await startPostgres()
    one = await openStorage({ kind: 'postgres', client: server.client() }, { gateway: 'one' })
    two = await openStorage({ kind: 'postgres', client: server.client() }, { gateway: 'two' })
  })
  after(async () => {
    await one.close()
    await two.close()
    await server.stop()
  })

  it('reach the other gateway within 250 ms in the middle, and the own listeners at once', async () => {
    const took: number[] = []
    for (let number = 0; number < 30; number += 1) {
      const heard = hearing(two)
      const own = hearing(one)
      const from = performance.now()
      one.signals.tell({ what: 'grant', id: `gr_${number}` })
      assert.deepEqual(own.changes, [{ what: 'grant', id: `gr_${number}` }])
      await eventually('the other gateway hears', () => heard.changes.length > 0)
      took.push(performance.now() - from)
      assert.deepEqual(heard.changes, [{ what: 'grant', id: `gr_${number}` }])
      heard.stop()
      own.stop()
    }
    assert.ok(median(took) < 250, `${median(took)} ms`)
  })

  it('come in order, each once, and not back to who told them', async () => {
    const [there, here] = [hearing(two), hearing(one)]
    const ids = Array.from({ length: 700 }, (_, index) => `rv_${index}`)
    for (const id of ids) one.signals.tell(change(id))
    two.signals.tell(change('back'))
    await eventually('all arrive', () => there.changes.length === 701 && here.changes.length === 701)
    await sleep(100)
    assert.deepEqual(there.changes.map(({ id }) => id).filter((id) => id !== 'back'), ids)
    assert.deepEqual(here.changes.map(({ id }) => id).filter((id) => id !== 'back'), ids)
    assert.deepEqual([there.gaps, here.gaps], [0, 0])
    there.stop()
    here.stop()
  })

  it('say that something was missed when more is told than can wait, and go on', async () => {
    const heard = hearing(two)
    for (let number = 0; number < 5_000; number += 1) one.signals.tell(change(`rv_${number}`))
    one.signals.tell(change('last'))
    await eventually('the last arrives', () => heard.changes.some(({ id }) => id === 'last'))
    assert.ok(heard.gaps >= 1 && heard.changes.length < 5_000, `${heard.gaps} gaps, ${heard.changes.length} changes`)
    const before = heard.gaps
    one.signals.tell(change('x'.repeat(9_000)))
    one.signals.tell(change('after'))
    await eventually('what follows arrives', () => heard.changes.some(({ id }) => id === 'after'))
    assert.equal(heard.gaps, before + 1)
    heard.stop()
  })

  it('are not disturbed by what others notify', async () => {
    const heard = hearing(two)
    for (const payload of ['', 'null', '7', '{', '[]', '{"what":"review"}', '{"what":"review","id":7}', '{"what":"drop","id":"x"}', '"review"']) {
      await server.query('select pg_notify($1, $2)', [SIGNAL_CHANNEL, payload])
    }
    one.signals.tell(change('real\0'))
    await eventually('what is real arrives', () => heard.changes.length > 0)
    assert.deepEqual([heard.changes, heard.gaps], [[change('real\0')], 0])
    heard.stop()
  })

  it('tell of a gap when the connection was killed, and are heard again, time after time', async () => {
    const heard = hearing(two)
    for (let round = 1; round <= 2; round += 1) {
      const killed = await server.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'sallyport signals'")
      assert.equal(killed.length, 2)
      await eventually('the gap is told', () => heard.gaps === round, 10_000)
      one.signals.tell(change(`round ${round}`))
      await eventually('changes are heard again', () => heard.changes.some(({ id }) => id === `round ${round}`), 10_000)
    }
    heard.stop()
  })
})

describe('signals over a connection that is not well', () => {
  let server: PostgresServer
  const open: PostgresSignals[] = []
  const opened = async (options: Partial<PostgresSignalsOptions>) => {
    const errors: string[] = []
    const signals = await PostgresSignals.open({
      client: server.client(), onError: (_error, message) => errors.push(message), checkEveryMs: 100, checkTimeoutMs: 200,
      notify: async (payloads) => {
        for (const payload of payloads) await server.query('select pg_notify($1, $2)', [SIGNAL_CHANNEL, payload])
      },
      ...options,
    })
    open.push(signals)
    return { signals, errors }
  }
  before(async () => {
    server = await startPostgres()
  })
  after(async () => {
    await Promise.all(open.map((signals) => signals.close()))
    await server.stop()
  })

  it('notice that it is half dead, and connect anew', async () => {
    const relay = await startRelay(server.port)
    const { signals, errors } = await opened({ client: { ...server.client(), port: relay.port } })
    const heard = hearing({ signals })
    relay.freeze()
    await eventually('the gap is told', () => heard.gaps === 1, 10_000)
    await server.query('select pg_notify($1, $2)', [SIGNAL_CHANNEL, '{"from":"x","what":"grant","id":"gr_1"}'])
    await eventually('changes are heard again', () => heard.changes.length === 1, 10_000)
    assert.deepEqual(errors, ['changes by other gateways are not heard for now'])
    await signals.close()
    await relay.close()
  })

  it('notice that it does not listen any more, as behind a pooler', async () => {
    // What a pooler does: the server's connection behind the client's is another, or its state was discarded.
    const relay = await startRelay(server.port)
    const pooled = await opened({ client: { ...server.client(), port: relay.port } })
    const heard = hearing({ signals: pooled.signals })
    relay.inject(queryMessage('discard all'))
    await eventually('the gap is told', () => heard.gaps === 1, 10_000)
    await pooled.signals.close()
    await relay.close()
  })

  it('keep what is told while the database takes nothing, and tell it in order when it does', async () => {
    let broken = true
    const sent: string[] = []
    const { signals, errors } = await opened({
      notify: (payloads) => {
        if (broken) return Promise.reject(new Error('away'))
        sent.push(...payloads.map((payload) => String((JSON.parse(payload) as { id?: unknown }).id)))
        return Promise.resolve()
      },
    })
    for (let number = 0; number < 300; number += 1) signals.tell(change(String(number)))
    await sleep(250)
    assert.deepEqual([sent, errors], [[], ['other gateways cannot be told of changes for now']])
    broken = false
    await eventually('all are told', () => sent.length === 300, 10_000)
    assert.deepEqual(sent, Array.from({ length: 300 }, (_, index) => String(index)))
  })

  it('close soon although nothing answers, whatever they are about', async () => {
    const relay = await startRelay(server.port)
    const client = { ...server.client(), port: relay.port }
    const listening = await opened({ client, checkTimeoutMs: 60_000, notify: () => new Promise(() => undefined) })
    relay.freeze()
    listening.signals.tell(change('stuck'))
    await sleep(200)
    // Now it waits for the answer to its check, and for the database to take what it tells.
    const from = performance.now()
    await listening.signals.close()
    const took = performance.now() - from
    await relay.close()
    assert.ok(took < 5_000, `${took} ms`)
  })
})

describe('storage whose database has gone', () => {
  it('still tells its own listeners, closes, and does not end the process', async () => {
    const server = await startPostgres()
    const errors: string[] = []
    const storage = await openStorage({ kind: 'postgres', client: server.client() }, { onError: (_error, message) => errors.push(message) })
    const heard = hearing(storage)
    await server.stop()
    storage.signals.tell(change('rv_1'))
    assert.deepEqual(heard.changes, [change('rv_1')])
    await eventually('the loss is noticed', () => errors.includes('changes by other gateways are not heard for now')
      && errors.includes('other gateways cannot be told of changes for now'), 10_000)
    const from = performance.now()
    await storage.close()
    assert.ok(performance.now() - from < 5_000)
    storage.signals.tell(change('rv_2'))
    assert.deepEqual(heard.changes, [change('rv_1'), change('rv_2')])
  })

  it('closes although the database answers nothing', async () => {
    const server = await startPostgres()
    const relay = await startRelay(server.port)
    const storage = await openStorage({ kind: 'postgres', client: { ...server.client(), port: relay.port } })
    relay.freeze()
    storage.signals.tell(change('rv_1'))
    const from = performance.now()
    await storage.close()
    const took = performance.now() - from
    await relay.close()
    await server.stop()
    assert.ok(took < 15_000, `${took} ms`)
  })
})

function hearing({ signals }: Pick<Storage, 'signals'>) {
  const changes: Change[] = []
  const stops = [signals.onChange((one) => changes.push(one)), signals.onGap(() => void (heard.gaps += 1))]
  const heard = { changes, gaps: 0, stop: () => stops.forEach((stop) => stop()) }
  return heard
}

/** Simple query (PostgreSQL manual, 54.7). */
function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.from('Q\0\0\0\0')
  head.writeInt32BE(text.length + 4, 1)
  return Buffer.concat([head, text])
}

/** Between client and server on loopback. Connections that are there when it freezes pass nothing on, and nobody is told. */
async function startRelay(to: number) {
  const pairs: { client: Socket; target: Socket; frozen: boolean; swallow: boolean }[] = []
  const relay = createServer((client) => {
    const target = connect(to, '127.0.0.1')
    const pair = { client, target, frozen: false, swallow: false }
    pairs.push(pair)
    const pass = (from: Socket, into: Socket) => {
      from.on('data', (bytes) => {
        if (!pair.frozen && !(pair.swallow && from === target)) into.write(bytes)
        else if (from === target) pair.swallow = false
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        if (!pair.frozen) into.destroy()
      })
    }
    pass(client, target)
    pass(target, client)
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const address = relay.address()
  if (address === null || typeof address === 'string') assert.fail()
  return {
    port: address.port,
    freeze: () => pairs.forEach((pair) => void (pair.frozen = true)),
    /** Sends a message of its own to the server, whose answer the client does not see. */
    inject: (message: Buffer) => pairs.forEach((pair) => {
      pair.swallow = true
      pair.target.write(message)
    }),
    async close() {
      for (const { client, target } of pairs) {
        client.destroy()
        target.destroy()
      }
      relay.close()
      await once(relay, 'close')
    },
  }
}

