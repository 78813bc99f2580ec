import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Identity } from '../identity.ts'
import { requesterOf } from './requester.ts'
import type { Requester } from './review.ts'
import { answeringGroups } from './who-may-answer.ts'

const DEMANDS = [{ rule: 'writes', reviewers: ['dba'], approvals: 1, holdMs: 0, transactionHoldMs: 0, expiresMs: 1, preview: 'none' }] as const
const person = (name: string, issuer = 'corp', subject = `id-of-${name}`): Identity => ({ kind: 'person', name, issuer, subject, groups: ['dba'], claims: {}, actors: [] })
const through = (identity: Identity, actor: Identity): Requester => requesterOf({ ...identity, actors: [actor.name, 'sub-of-an-earlier-one'], actor })

test('nobody answers what they asked for or act in, under whatever name, issuer or account', () => {
  const requester = through(person('eve'), person('robin'))
  for (const [by, may] of [
    [person('robin'), false], [person('ROBIN', 'other', 'x'), false], [person('ｒobin', 'other', 'x'), false], [person('renamed', 'corp', 'id-of-robin'), false],
    [person('eve', 'other', 'x'), false], [person('renamed', 'corp', 'id-of-eve'), false], [person('sub-of-an-earlier-one'), false], [person('x', 'corp', 'sub-of-an-earlier-one'), false],
    [person('dana'), true], [person('dana', 'other', 'id-of-robin'), true],
  ] as const) assert.equal(answeringGroups(DEMANDS, requester, requesterOf(by)).length > 0, may, `${by.name} of ${by.issuer}, ${by.subject}`)
  assert.deepEqual(answeringGroups(DEMANDS, requester, through(person('dana'), person('sam'))), [])
})
