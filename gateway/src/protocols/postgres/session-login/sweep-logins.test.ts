import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LoginOwner, SessionLogin } from '../../../governance/logins/session-login-store.ts'
import { abandonedLogins, type LoginFound } from './sweep-logins.ts'

const PLACE = '127.0.0.1:5432/shop'
const kept = (owner: LoginOwner, place = PLACE): SessionLogin & { owner: LoginOwner } => ({ user: 'one', target: 'shop', place, role: 'reader', session: 's', use: 'session', validUntilMs: 0, owner })
const found = (connected: boolean, expired = false): LoginFound => ({ user: 'one', session: 's', connected, expired })

/** What is found at the target, what is on record, whether to look after others', and whether it goes. */
const CASES: readonly [string, LoginFound | undefined, (SessionLogin & { owner: LoginOwner }) | undefined, boolean, boolean][] = [
  ['of this process is left alone', found(false), kept('process'), true, false],
  ['of a gateway that runs is left alone', found(false), kept('another'), true, false],
  ['of this gateway before it started goes, though somebody is connected', found(true), kept('before'), false, true],
  ['of this gateway before it started goes from the record when it is gone', undefined, kept('before'), false, true],
  ['of a lost gateway goes', found(false), kept('lost'), true, true],
  ['of a lost gateway stays while somebody is connected', found(true), kept('lost'), true, false],
  ['of a lost gateway goes when nobody could log in with it any more', found(true, true), kept('lost'), true, true],
  ['of a lost gateway is left to whoever has the lease', found(false), kept('lost'), false, false],
  ['that is not on record goes', found(false), undefined, true, true],
  ['that is not on record stays while somebody is connected', found(true), undefined, true, false],
  ['that is not on record is left to whoever has the lease', found(false), undefined, false, false],
  ['of another database of the same server is left to those who reach that', found(false), kept('before', '127.0.0.1:5432/other'), true, false],
]

for (const [name, role, row, forAll, goes] of CASES) {
  test(`a login ${name}`, () => {
    const abandoned = abandonedLogins(role === undefined ? [] : [role], row === undefined ? [] : [row], PLACE, forAll)
    assert.deepEqual(abandoned, goes ? [{ user: 'one', session: 's', ...(row !== undefined && { role: 'reader' }) }] : [])
  })
}
