import assert from 'node:assert/strict'
import { it } from 'node:test'
import { LocalSignals } from './local-signals.ts'

it('tells every listener at once, until it does not listen any more', () => {
  const signals = new LocalSignals(() => assert.fail())
  const heard: string[] = []
  const listener = ({ id }: { id: string }) => void heard.push(id)
  const stop = signals.onChange(listener)
  signals.onChange(listener)
  signals.tell({ what: 'review', id: '1' })
  assert.deepEqual(heard, ['1', '1'])
  stop()
  stop()
  signals.tell({ what: 'grant', id: '2' })
  assert.deepEqual(heard, ['1', '1', '2'])
})

it('tells the others, and who tells goes on, when a listener throws', () => {
  const errors: string[] = []
  const signals = new LocalSignals((error) => errors.push(error.message))
  const heard: string[] = []
  signals.onChange(() => {
    throw new Error('broken')
  })
  signals.onChange(({ id }) => heard.push(id))
  signals.onGap(() => {
    throw new Error('broken too')
  })
  const stop = signals.onGap(() => heard.push('gap'))
  signals.tell({ what: 'review', id: '1' })
  signals.tellGap()
  stop()
  signals.tellGap()
  assert.deepEqual(heard, ['1', 'gap'])
  assert.deepEqual(errors, ['broken', 'broken too', 'broken too'])
})
