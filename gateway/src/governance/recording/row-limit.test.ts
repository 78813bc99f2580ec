import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RowLimit } from './row-limit.ts'

test('the first rows of each operation go on record, however they come, and what is left out is noticed', () => {
  fc.assert(fc.property(fc.nat(20), fc.array(fc.array(fc.nat(8), { maxLength: 8 }), { maxLength: 5 }), (perOperation, operations) => {
    const limit = new RowLimit(perOperation)
    for (const batches of operations) {
      limit.begin()
      let rows = 0
      let taken = 0
      for (const batch of batches) {
        const now = limit.take(batch)
        assert.ok(now <= batch && now >= 0)
        rows += batch
        taken += now
        assert.equal(taken, Math.min(rows, perOperation))
        assert.equal(limit.reached, rows > perOperation)
      }
    }
  }))
})

test('without a limit all rows do', () => {
  const limit = new RowLimit(Number.POSITIVE_INFINITY)
  limit.begin()
  assert.equal(limit.take(1_000_000), 1_000_000)
  assert.equal(limit.reached, false)
})
