import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { makeCertificate } from '../../test/support/certificate.ts'
import { eventually } from '../../test/support/eventually.ts'
import type { Review } from '../governance/review/review.ts'
import { openStorage } from '../storage/open-storage.ts'
import { type AnswerWith, newSecret, PATH_SECRET, type Receiver, startReceiver } from './receiver.test-support.ts'
import { grantOf, reviewOf } from './reviews.test-support.ts'
import { type ChannelEndpoint, WebhookChannel, type WebhookChannelOptions } from './webhook-channel.ts'
import { WebhookClient } from './webhook-client.ts'

const secret = newSecret()
const closing: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of closing) await close()
})

async function receiver(answer?: AnswerWith): Promise<Receiver> {
  const started = await startReceiver(secret, answer)
  closing.push(() => started.stop())
  return started
}

interface ChannelUnderTest {
  readonly channel: WebhookChannel
  /** What operators were told. */
  readonly told: string[]
}

function channelTo(endpoints: Readonly<Record<string, string | Partial<ChannelEndpoint>>>, options: Partial<WebhookChannelOptions> = {}, timeoutMs = 2_000): ChannelUnderTest {
  const told: string[] = []
  const channel = new WebhookChannel({
    endpoints: Object.entries(endpoints).map(([name, endpoint]) => ({
      name, url: '', secret: () => Promise.resolve(secret), events: undefined, includeStatement: false, ...(typeof endpoint === 'string' ? { url: endpoint } : endpoint),
    })),
    sender: new WebhookClient({ timeoutMs }),
    reviewsOpen: () => Promise.resolve([]),
    onFailed: ({ channel: name, error }) => told.push(`${name} failed: ${error}`),
    onRecovered: ({ channel: name, dropped }) => told.push(`${name} recovered, ${dropped} dropped`),
    onError: () => told.push('open reviews cannot be read'),
    timing: { firstRetryMs: 5, tellAfterMs: 60_000 },
    ...options,
  })
  closing.push(() => channel.close(0))
  return { channel, told }
}

const requested = (review: Review) => ({ what: 'review.requested', review, atMs: review.createdAtMs }) as const
const closed = (review: Review) => ({ what: 'review.closed', review: { ...review, state: 'denied' } as Review, atMs: Date.now() }) as const
const ids = ({ received }: Receiver) => received.map(({ id }) => id)
const stateOf = ({ channel }: ChannelUnderTest, name = 'a') => channel.states().find((state) => state.name === name) ?? assert.fail(name)
const delivered = (under: ChannelUnderTest, count: number, name = 'a') => eventually(`${count} are delivered`, () => stateOf(under, name).delivered === count)

describe('a webhook channel', () => {
  test('tells each receiver what it asked for, signed, under an id of the news', async () => {
    const [all, some] = [await receiver(), await receiver()]
    const under = channelTo({ a: all.url, b: { url: some.url, events: ['break-glass.used', 'review.closed'] } })
    const review = reviewOf()
    const grant = grantOf()
    const answer = { by: { kind: 'person', name: 'robin', issuer: 'corp', subject: 's' }, groups: ['dba'], answer: 'approve', atMs: Date.now() } as const
    assert.deepEqual(under.channel.states().map(({ state }) => state), ['waiting', 'waiting'])
    under.channel.tell(requested(review))
    under.channel.tell({ what: 'review.answered', review: { ...review, answers: [answer] }, atMs: Date.now() })
    under.channel.tell({ what: 'review.answered', review: { ...review, answers: [answer, answer] }, atMs: Date.now() })
    await delivered(under, 3)
    under.channel.tell(closed(review))
    for (const what of ['access.granted', 'access.ended', 'break-glass.used'] as const) under.channel.tell({ what, grant, atMs: Date.now() })
    await delivered(under, 7)
    await delivered(under, 2, 'b')
    assert.deepEqual(ids(all), [
      `${review.id}-requested`, `${review.id}-answered-1`, `${review.id}-answered-2`, `${review.id}-closed-denied`,
      `${grant.id}-granted`, `${grant.id}-ended`, `${grant.id}-break-glass`,
    ])
    assert.deepEqual(some.received.map(({ type }) => type), ['review.closed', 'break-glass.used'])
    for (const { verified } of [...all.received, ...some.received]) assert.ok(verified)
    assert.deepEqual(all.received[0]?.data['command'], `sallyport review show ${review.id}`)
    assert.equal(stateOf(under).state, 'ok')
  })

  test('sends in order, one at a time', async () => {
    const slow = await receiver((response, _message, number) => void setTimeout(() => response.end(), (number * 7) % 13))
    const under = channelTo({ a: slow.url })
    const reviews = Array.from({ length: 40 }, () => reviewOf())
    for (const review of reviews) under.channel.tell(requested(review))
    await delivered(under, 40)
    assert.deepEqual(ids(slow), reviews.map(({ id }) => `${id}-requested`))
    assert.equal(slow.atOnce, 1)
  })

  test('takes no answer: whatever a receiver says, the review stays as it is', async () => {
    const storage = await openStorage({ kind: 'sqlite', path: ':memory:' })
    closing.push(() => storage.close())
    const review = reviewOf()
    await storage.reviews.add(review)
    const before = await storage.reviews.get(review.id)
    const eager = await receiver((response) => response.writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ approve: true, answer: 'approve', digest: review.digest, by: { name: 'robin' }, state: 'approved' })))
    const under = channelTo({ a: eager.url }, { reviewsOpen: () => storage.reviews.listOpen() })
    await under.channel.start()
    await delivered(under, 1)
    assert.deepEqual(await storage.reviews.get(review.id), before)
    assert.equal(before?.state, 'open')
    assert.equal(JSON.stringify(under.channel.states()).includes('approve'), false)
  })

  test('goes on after an outage with what it kept, in order, each under its id, and tells operators of both', async () => {
    const there = await receiver()
    const under = channelTo({ a: there.url }, { timing: { firstRetryMs: 20, tellAfterMs: 100 } })
    await there.stop()
    const reviews = Array.from({ length: 5 }, () => reviewOf())
    for (const review of reviews) under.channel.tell(requested(review))
    await eventually('operators are told', () => under.told.length === 1)
    const { state, failingSinceMs, lastError, waiting } = stateOf(under)
    assert.deepEqual([state, lastError, waiting], ['failing', 'it cannot be reached (ECONNREFUSED)', 5])
    assert.ok(failingSinceMs !== undefined && failingSinceMs <= Date.now())
    await there.start()
    await delivered(under, 5)
    assert.deepEqual(ids(there), reviews.map(({ id }) => `${id}-requested`))
    assert.deepEqual(under.told, ['a failed: it cannot be reached (ECONNREFUSED)', 'a recovered, 0 dropped'])
    assert.deepEqual([stateOf(under).state, stateOf(under).lastError], ['ok', undefined])
  })

  test('tells operators of no failure that is soon over', async () => {
    const unsure = await receiver((response, _message, number) => response.writeHead(number < 4 ? 500 : 200).end())
    const under = channelTo({ a: unsure.url })
    under.channel.tell(requested(reviewOf()))
    await delivered(under, 1)
    assert.equal(new Set(ids(unsure)).size, 1)
    assert.ok(unsure.received.length === 4 && unsure.received.every(({ verified }) => verified))
    assert.deepEqual(under.told, [])
  })

  for (const status of [429, 503]) {
    test(`waits as long as an answer with status ${status} asks it to`, async () => {
      const busy = await receiver((response, _message, number) => response.writeHead(number === 1 ? status : 200, { 'retry-after': '1' }).end())
      const under = channelTo({ a: busy.url })
      under.channel.tell(requested(reviewOf()))
      await delivered(under, 1)
      const [first, second] = busy.received
      assert.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 990)
    })
  }

  test('waits for no receiver: neither who tells nor the other receivers', async () => {
    const [silent, quick] = [await receiver(() => undefined), await receiver()]
    const under = channelTo({ a: silent.url, b: quick.url })
    const began = performance.now()
    for (let count = 0; count < 20; count++) under.channel.tell(requested(reviewOf()))
    assert.ok(performance.now() - began < 500)
    await delivered(under, 20, 'b')
    assert.equal(stateOf(under).waiting, 20)
  })

  test('is not held up for longer than an attempt by a receiver that drips', async () => {
    const dripping = await receiver((response) => {
      response.writeHead(200)
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const under = channelTo({ a: dripping.url }, {}, 200)
    for (let count = 0; count < 2; count++) under.channel.tell(requested(reviewOf()))
    const began = Date.now()
    await delivered(under, 2)
    assert.ok(Date.now() - began < 5_000)
  })

  test('follows no redirect', async () => {
    const elsewhere = await receiver()
    const away = await receiver((response) => response.writeHead(307, { location: elsewhere.url }).end())
    const under = channelTo({ a: away.url })
    under.channel.tell(requested(reviewOf()))
    await eventually('it fails', () => stateOf(under).lastError === 'it redirects')
    assert.equal(elsewhere.received.length, 0)
  })

  test('tells nothing to who has not the right certificate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-channel-'))
    const { certFile, keyFile } = makeCertificate(folder, 'self-signed')
    let requests = 0
    const server = https.createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_request, response) => {
      requests++
      response.end()
    })
    rmSync(folder, { recursive: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const under = channelTo({ a: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` })
    under.channel.tell(requested(reviewOf()))
    await eventually('it fails', () => stateOf(under).state === 'failing')
    assert.match(stateOf(under).lastError ?? '', /^it cannot be reached \(\w*CERT\w*\)$/)
    assert.equal(requests, 0)
  })

  test('keeps a thousand for a receiver, and gives up the oldest beyond that', async () => {
    const silent = await receiver(() => undefined)
    const under = channelTo({ a: silent.url })
    for (let count = 0; count < 1_200; count++) under.channel.tell(requested(reviewOf()))
    assert.deepEqual([stateOf(under).waiting, stateOf(under).dropped], [1_000, 200])
    let open = false
    const shut = await receiver((response) => response.writeHead(open ? 200 : 503).end())
    const few = channelTo({ a: shut.url }, { timing: { firstRetryMs: 30, maxWaiting: 3, tellAfterMs: 50 } })
    const reviews = Array.from({ length: 8 }, () => reviewOf())
    for (const review of reviews) few.channel.tell(requested(review))
    await eventually('operators are told', () => few.told.length === 1)
    open = true
    await eventually('nothing waits', () => stateOf(few).waiting === 0)
    assert.deepEqual([stateOf(few).delivered, stateOf(few).dropped], [3, 5])
    assert.deepEqual(ids(shut).slice(-2), reviews.slice(-2).map(({ id }) => `${id}-requested`))
    assert.match(few.told[1] ?? '', /^a recovered, \d dropped$/)
  })

  test('gives up none that is on its way', async () => {
    const held: (() => void)[] = []
    const slow = await receiver((response) => void held.push(() => response.end()))
    const under = channelTo({ a: slow.url }, { timing: { maxWaiting: 2 } })
    const [first, second, third] = [reviewOf(), reviewOf(), reviewOf()]
    under.channel.tell(requested(first))
    await eventually('the first is on its way', () => held.length === 1)
    for (const review of [second, third]) under.channel.tell(requested(review))
    held[0]?.()
    await eventually('the next is on its way', () => held.length === 2)
    held[1]?.()
    await delivered(under, 2)
    assert.deepEqual(ids(slow), [first, third].map(({ id }) => `${id}-requested`))
  })

  test('asks nobody for what needs no answer any more', async () => {
    let open = false
    const shut = await receiver((response) => response.writeHead(open ? 200 : 503).end())
    const under = channelTo({ a: shut.url }, { timing: { firstRetryMs: 30 } })
    const [answered, expired, waits] = [reviewOf(), reviewOf({ expiresAtMs: Date.now() + 50 }), reviewOf()]
    for (const review of [waits, answered, expired]) under.channel.tell(requested(review))
    under.channel.tell(closed(answered))
    under.channel.tell(requested({ ...reviewOf(), state: 'approved' }))
    await eventually('its time is over', () => Date.now() > expired.expiresAtMs)
    const before = shut.received.length
    open = true
    await eventually('nothing waits', () => stateOf(under).waiting === 0)
    assert.deepEqual(ids(shut).slice(before), [`${waits.id}-requested`, `${answered.id}-closed-denied`])
    assert.equal(stateOf(under).dropped, 1)
  })

  test('gives up a message that a receiver never takes, so that the others arrive', async () => {
    const [bad, good] = [reviewOf(), reviewOf()]
    const picky = await receiver((response, { id }) => response.writeHead(id.startsWith(bad.id) ? 422 : 200).end())
    const under = channelTo({ a: picky.url })
    under.channel.tell(requested(bad))
    under.channel.tell(requested(good))
    await delivered(under, 1)
    assert.deepEqual(ids(picky), [...Array.from({ length: 6 }, () => `${bad.id}-requested`), `${good.id}-requested`])
    assert.equal(stateOf(under).dropped, 1)
  })

  test('keeps the message while the receiver as a whole is wrong', async () => {
    const wrong = await receiver((response, _message, number) => response.writeHead(number < 12 ? 401 : 200).end())
    const under = channelTo({ a: wrong.url }, { timing: { firstRetryMs: 1 } })
    under.channel.tell(requested(reviewOf()))
    await eventually('it is delivered', () => stateOf(under).delivered === 1 || wrong.received.length > 12)
    assert.deepEqual([stateOf(under).dropped, wrong.received.length], [0, 12])
  })

  test('sends what is added in whatever moment', async () => {
    const there = await receiver()
    const under = channelTo({ a: there.url })
    for (let count = 1; count <= 30; count++) {
      under.channel.tell(requested(reviewOf()))
      if (count % 3 === 0) await eventually('it is taken', () => stateOf(under).waiting === 0)
      for (let turn = 0; turn < count % 7; turn++) await Promise.resolve()
    }
    await delivered(under, 30)
  })

  describe('at a start', () => {
    test('tells of what is open already, the same under the same id', async () => {
      const there = await receiver()
      const [older, newer] = [reviewOf({ createdAtMs: Date.now() - 60_000 }), reviewOf()]
      const first = channelTo({ a: there.url })
      first.channel.tell(requested(older))
      await delivered(first, 1)
      const again = channelTo({ a: there.url }, { reviewsOpen: () => Promise.resolve([newer, older]) })
      await again.channel.start()
      await delivered(again, 2)
      assert.deepEqual(ids(there), [older, older, newer].map(({ id }) => `${id}-requested`))
      assert.equal(there.received[0]?.body, there.received[1]?.body)
    })

    test('asks for nothing that was closed while it read', async () => {
      const there = await receiver()
      const [over, waits] = [reviewOf(), reviewOf()]
      const under = channelTo({ a: there.url }, {
        async reviewsOpen() {
          under.channel.tell(closed(over))
          return await Promise.resolve([over, waits])
        },
      })
      await under.channel.start()
      await delivered(under, 2)
      assert.deepEqual(ids(there), [`${over.id}-closed-denied`, `${waits.id}-requested`])
    })

    test('reads again what cannot be read', async () => {
      const there = await receiver()
      let times = 0
      const under = channelTo({ a: there.url }, { reviewsOpen: () => (++times < 3 ? Promise.reject(new Error('gone')) : Promise.resolve([reviewOf()])) })
      await under.channel.start()
      await delivered(under, 1)
      const never = channelTo({ a: there.url }, { timing: { firstRetryMs: 0.1 }, reviewsOpen: () => Promise.reject(new Error('gone')) })
      await never.channel.start()
      assert.deepEqual(never.told, ['open reviews cannot be read'])
    })
  })

  describe('at an end', () => {
    test('sends what waits, and takes nothing more', async () => {
      const there = await receiver((response) => void setTimeout(() => response.end(), 10))
      const { channel } = channelTo({ a: there.url })
      for (let count = 0; count < 10; count++) channel.tell(requested(reviewOf()))
      assert.deepEqual([...(await channel.close(30_000))], [])
      assert.equal(there.received.length, 10)
      channel.tell(requested(reviewOf()))
      assert.equal(channel.states()[0]?.waiting, 0)
    })

    test('waits for no receiver that fails, and only so long for one that is silent', async () => {
      const [shut, silent] = [await receiver((response) => response.writeHead(503).end()), await receiver(() => undefined)]
      const under = channelTo({ a: shut.url, b: silent.url }, { timing: { firstRetryMs: 10_000 } }, 20_000)
      for (let count = 0; count < 3; count++) under.channel.tell(requested(reviewOf()))
      await eventually('one fails', () => stateOf(under).state === 'failing')
      await eventually('one is silent', () => silent.received.length === 1)
      const began = Date.now()
      assert.deepEqual([...(await under.channel.close(300))], [['a', 3], ['b', 3]])
      assert.ok(Date.now() - began < 5_000)
    })
  })

  describe('that is tested', () => {
    test('says whether the receiver took it, and goes on at once when it did', async () => {
      let open = false
      const there = await receiver((response) => response.writeHead(open ? 200 : 500).end())
      const under = channelTo({ a: there.url }, { timing: { firstRetryMs: 40_000, tellAfterMs: 10 } })
      assert.equal(await under.channel.test('b', 'robin'), 'unknown')
      under.channel.tell(requested(reviewOf()))
      await eventually('operators are told', () => under.told.length === 1)
      const failed = await under.channel.test('a', 'robin')
      assert.ok(typeof failed === 'object' && !failed.delivered && failed.error === 'it answers with status 500')
      open = true
      const [one, other] = await Promise.all([under.channel.test('a', 'robin'), under.channel.test('a', 'robin')])
      assert.ok(typeof one === 'object' && one.delivered && other === 'busy')
      await delivered(under, 1)
      assert.deepEqual(under.told, ['a failed: it answers with status 500', 'a recovered, 0 dropped'])
      const test = there.received.find(({ type }) => type === 'webhook.test')
      assert.ok(test?.verified && /^test_[\w-]{22}$/.test(test.id))
      assert.deepEqual(test.data, { channel: 'a', by: 'robin' })
    })
  })

  test('shows nothing secret, whatever goes wrong', async () => {
    const there = await receiver((response) => response.writeHead(500, `hunter2 ${secret}`).end(secret))
    const failing = (message: string): (() => Promise<string>) => () => Promise.reject(new Error(message))
    const under = channelTo({
      a: there.url,
      b: { url: there.url, secret: failing(`env:HOOK is ${secret}`) },
      c: { url: there.url, secret: () => Promise.resolve('hunter2 is no secret') },
      d: { url: `https://127.0.0.1:1/${PATH_SECRET}` },
    }, { timing: { firstRetryMs: 5, tellAfterMs: 20 } })
    under.channel.tell(requested(reviewOf()))
    await eventually('operators are told of all', () => under.told.length === 4)
    const tests = await Promise.all(['a', 'b', 'c', 'd'].map((name) => under.channel.test(name, 'robin')))
    assert.equal(stateOf(under, 'b').lastError, 'its signing secret cannot be read')
    assert.equal(stateOf(under).origin, `http://127.0.0.1:${there.port}`)
    const shown = JSON.stringify([under.channel.states(), under.told, tests])
    for (const word of ['hunter2', secret.slice(6), PATH_SECRET, 'HOOK']) assert.ok(!shown.includes(word), word)
  })

  test('shows no words of an error that it does not know', async () => {
    const under = channelTo({ a: 'https://127.0.0.1:1/' }, { sender: { send: () => Promise.reject(new Error('hunter2')) } })
    under.channel.tell(requested(reviewOf()))
    await eventually('it fails', () => stateOf(under).state === 'failing')
    const trial = await under.channel.test('a', 'robin')
    assert.deepEqual([stateOf(under).lastError, typeof trial === 'object' && trial.error], ['it could not be sent', 'it could not be sent'])
  })

  test('does not wait for ever for a signing secret', async () => {
    const there = await receiver()
    const under = channelTo({ a: { url: there.url, secret: () => new Promise(() => undefined) } })
    under.channel.tell(requested(reviewOf()))
    assert.deepEqual([...(await under.channel.close(50))], [['a', 1]])
    assert.equal(stateOf(under).lastError, 'its signing secret cannot be read')
    assert.equal(there.received.length, 0)
  })
})
