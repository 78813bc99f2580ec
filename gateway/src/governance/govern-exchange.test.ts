import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '../../test/support/eventually.ts'
import type { Decision } from './decision.ts'
import type { Exchange } from './exchange.ts'
import { Governor } from './govern-exchange.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

const fails = (): never => {
  throw new Error('a bug of a protocol')
}
const broken = { operation: { protocol: 'postgres', text: 'select 1', parameters: [], facts: { actions: ['select'], objects: [], functions: [], statements: 1 } }, forward: fails, refuse: fails, reviewable: { digest: 'd', beginWait: () => undefined } } as unknown as Exchange

for (const effect of ['allow', 'deny', 'review'] as const) {
  test(`a protocol that fails of what was decided (${effect}) ends its own session, and whoever wrote the decision hears nothing of it`, async () => {
    const written: (() => void)[] = []
    const told: string[] = []
    const ended: string[] = []
    const governor = new Governor({
      ledger: { append: () => undefined, onWritten: (done) => void written.push(() => done(undefined)) },
      sessions: { end: (id: string, reason: string) => ended.push(`${id}: ${reason}`) } as unknown as Sessions,
      reviews: { find: () => Promise.reject(new Error('the store is away')) } as never, followPolicy: () => Promise.resolve(),
      onError: (error) => void told.push((error as Error).message),
    })
    const decision: Decision = { effect, rule: 'all', policyVersion: 1 }
    const session = { id: 's1', operations: 0, refused: 0, policy: { decide: () => decision }, admission: { identity: { actors: [] } }, target: {} } as unknown as Session
    governor.govern(session, broken)
    for (const tell of written) tell()
    await eventually('the session is ended', () => ended.length > 0)
    assert.deepEqual(ended, ['s1: an internal error'])
    assert.deepEqual(told, [...(effect === 'review' ? ['the store is away'] : []), 'a bug of a protocol'])
  })
}
