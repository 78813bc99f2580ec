import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { NamesOrder, namesOrderOf, type Turn } from './names-order.ts'

describe('turns with names', () => {
  test('never let a change go beside another, or beside what relies on names, and none is forgotten', () => {
    const steps = fc.array(fc.record({ what: fc.constantFrom('use', 'change', 'end'), which: fc.nat() }), { maxLength: 60 })
    fc.assert(fc.property(steps, (all) => {
      const order = new NamesOrder()
      const turns: { turn: Turn; changes: boolean }[] = []
      const check = (): void => {
        const running = turns.filter(({ turn }) => turn.begun)
        const changes = running.filter(({ changes: one }) => one).length
        assert.ok(changes === 0 || running.length === 1)
      }
      for (const { what, which } of all) {
        if (what === 'end') turns.splice(which % Math.max(1, turns.length), 1)[0]?.turn.end()
        else turns.push({ turn: order.take(what === 'change', check), changes: what === 'change' })
        check()
      }
      while (turns.length > 0) {
        const at = turns.findIndex(({ turn }) => turn.begun)
        assert.notEqual(at, -1, 'somebody waits for nobody')
        turns.splice(at, 1)[0]?.turn.end()
      }
    }))
  })

  test('are told once they begin later, and not when they begin at once', () => {
    const order = new NamesOrder()
    const told: string[] = []
    const change = order.take(true, () => told.push('change'))
    const use = order.take(false, () => told.push('use'))
    assert.deepEqual([change.begun, use.begun, told], [true, false, []])
    change.end()
    change.end()
    assert.deepEqual([use.begun, told], [true, ['use']])
  })

  test('are one order for a session', () => {
    const session = {}
    assert.equal(namesOrderOf(session), namesOrderOf(session))
    assert.notEqual(namesOrderOf(session), namesOrderOf({}))
  })
})
