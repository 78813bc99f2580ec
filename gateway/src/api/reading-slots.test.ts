import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ApiFailure } from './api-failure.ts'
import { takeReader } from './reading-slots.ts'

it('who reads their own never takes the last places, and each place is given back once', () => {
  for (const kind of ['one', 'live'] as const) {
    const takeAll = (isOwn: boolean): (() => void)[] => {
      const places: (() => void)[] = []
      for (;;) {
        try {
          places.push(takeReader(kind, isOwn))
        } catch (error) {
          assert.ok(error instanceof ApiFailure && error.body.code === 'too-many-requests')
          return places
        }
      }
    }
    const own = takeAll(true)
    const watching = takeAll(false)
    assert.ok(own.length > 0 && watching.length >= 2)
    for (const giveBack of [...own, ...own, ...watching]) giveBack()
    const all = takeAll(false)
    assert.equal(all.length, own.length + watching.length)
    for (const giveBack of all) giveBack()
  }
})
