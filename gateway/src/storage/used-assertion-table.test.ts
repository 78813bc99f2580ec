import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type StateDatabase, stateDatabases } from '../../test/support/state-databases.ts'
import { openStorage, type Storage } from './open-storage.ts'

for (const [database, start] of Object.entries(stateDatabases)) {
  describe(`used assertions in ${database}`, () => {
    let state: StateDatabase
    let one: Storage
    let two: Storage
    before(async () => {
      state = await start()
      const place = await state.fresh()
      one = await openStorage(place)
      two = await openStorage(place)
    })
    after(async () => {
      await one.close()
      await two.close()
      await state.stop()
    })

    test('are used once, whichever gateway comes first', async () => {
      assert.equal(await one.usedAssertions.use('a', 100), true)
      assert.equal(await one.usedAssertions.use('a', 200), false)
      assert.equal(await two.usedAssertions.use('a', 200), false)
      assert.equal(await two.usedAssertions.use('b', 200), true)
    })

    test('let one in of many who come at once', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).usedAssertions.use('c', 100)))
      assert.equal(answers.filter(Boolean).length, 1)
    })

    test('are kept until they end, and then forgotten', async () => {
      await one.usedAssertions.use('short', 1_000)
      await one.usedAssertions.use('long', 2_000)
      await two.usedAssertions.sweep(1_500)
      assert.deepEqual([await one.usedAssertions.use('short', 3_000), await one.usedAssertions.use('long', 3_000)], [true, false])
    })
  })
}
