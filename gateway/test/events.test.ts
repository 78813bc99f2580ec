import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LedgerEvent, ledgerEvents, ledgerEventSchema } from '@sallyport/contract'
import type { RecordedEvent } from '../src/governance/recording/event-schema.ts'

type Frozen<T> = T extends object ? { readonly [Key in keyof T]: Frozen<T[Key]> } : T

/** Fails to compile when the gateway's types and the published schema say different things. */
const fromGateway: (event: RecordedEvent) => Frozen<LedgerEvent> = (event) => event
const toGateway: (event: Frozen<LedgerEvent>) => RecordedEvent = (event) => event

function exampleOf(schema: (typeof ledgerEvents)[number]): LedgerEvent {
  const [example] = (schema.meta()?.['examples'] ?? []) as LedgerEvent[]
  return example ?? assert.fail(`no example of ${schema.meta()?.title}`)
}

describe('the schema of events', () => {
  test('is the same in the gateway and in the contract', () => {
    const example = exampleOf(ledgerEvents[0])
    assert.equal(toGateway(fromGateway(toGateway(example))), example)
  })

  for (const schema of ledgerEvents) {
    test(`has an example of ${schema.meta()?.title} that is one, with a text for every member`, () => {
      const example = exampleOf(schema)
      assert.deepEqual(LedgerEvent.parse(example), example)
      for (const [name, member] of Object.entries(schema.shape)) assert.ok(member.description, name)
    })
  }

  test('names every event once', () => {
    const titles = ledgerEvents.map((schema) => schema.meta()?.title)
    assert.equal(new Set(titles).size, titles.length)
  })

  test('lets readers of a later version ignore what they do not know, as JSON Schema too', () => {
    assert.ok(!JSON.stringify(ledgerEventSchema()).includes('additionalProperties'))
  })
})
