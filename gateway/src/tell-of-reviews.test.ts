import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { eventually } from '../test/support/eventually.ts'
import { readEvents } from '../test/support/ledger-records.ts'
import { type RecordingSetup, setUpRecording } from '../test/support/recording-setup.ts'
import { tellOfReviews } from './tell-of-reviews.ts'
import { newSecret, PATH_SECRET, type Receiver, startReceiver } from './webhooks/receiver.test-support.ts'
import { reviewOf } from './webhooks/reviews.test-support.ts'

const secret = newSecret()
let setup: RecordingSetup
let receiver: Receiver

before(async () => {
  setup = await setUpRecording()
  receiver = await startReceiver(secret, (response, _message, number) => response.writeHead(number < 6 ? 503 : 200).end())
})
after(async () => {
  await receiver.stop()
  await setup.close()
})

test('a channel that fails for long, and works again, is on record and in the log, without what is secret', async () => {
  const logged: string[] = []
  const note = (details: object, message: string): void => void logged.push(JSON.stringify([details, message]))
  const channel = tellOfReviews({
    settings: { webhooks: [{ name: 'on-call', url: receiver.url, secret: 'vault:on-call', events: undefined, includeStatement: false }] },
    reviewsOpen: () => setup.storage.reviews.listOpen(),
    secretOf: (reference) => (reference === 'vault:on-call' ? Promise.resolve(secret) : Promise.reject(new Error(reference))),
    ledger: setup.ledger,
    log: { info: note, warn: note, error: note },
    timing: { firstRetryMs: 20, tellAfterMs: 60 },
  })
  await setup.storage.reviews.add(reviewOf())
  await channel.start()
  await eventually('it is delivered', () => channel.states()[0]?.delivered === 1)
  await channel.close(1_000)
  await setup.ledger.close()
  const events = (await readEvents(setup.ledgerDirectory)).filter(({ event }) => event.startsWith('channel.'))
  assert.deepEqual(events.map((event) => ({ ...event, at: 0, since: 0 })), [
    { v: 1, event: 'channel.failed', at: 0, channel: 'on-call', since: 0, error: 'it answers with status 503' },
    { v: 1, event: 'channel.recovered', at: 0, channel: 'on-call', since: 0, dropped: 0 },
  ])
  assert.equal(logged.length, 2)
  for (const word of [secret.slice(6), 'hunter2', PATH_SECRET]) assert.ok(!JSON.stringify([logged, events]).includes(word), word)
})
