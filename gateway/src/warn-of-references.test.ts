import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TargetEntry } from './governance/policy/policy-document.ts'
import { resolveSecret } from './vault/resolve-secret.ts'
import { warnOfReferences } from './warn-of-references.ts'

const entry = (name: string, rest: object) => ({ name, protocol: 'postgres', labels: { kept: 'env:LABEL' }, ...rest }) as unknown as TargetEntry

test('a target whose secret or authority is not there is named at the start, with what is missing; one that is whole is not', async () => {
  const said: { facts: object; message: string }[] = []
  const sources = { environment: { GIVEN: 'secret' }, folder: import.meta.dirname, warn: () => undefined }
  await warnOfReferences([
    entry('whole', { credential: { user: 'u', password: 'env:GIVEN' } }),
    entry('shop', { credential: { user: 'u', password: 'env:NOT_GIVEN' }, tls: { mode: 'verify-full', ca: 'file:nowhere.crt' } }),
  ], async (reference) => (await resolveSecret(reference, sources)).expose(), { warn: (facts, message) => said.push({ facts, message }) })
  assert.deepEqual(said.map(({ facts }) => ({ ...facts, error: undefined })), [
    { target: 'shop', reference: 'env:NOT_GIVEN', error: undefined }, { target: 'shop', reference: 'file:nowhere.crt', error: undefined },
  ])
  assert.match(JSON.stringify(said), /the environment variable NOT_GIVEN is not set.*nowhere\.crt cannot be read \(ENOENT\)/)
  assert.doesNotMatch(JSON.stringify(said), /secret"/)
})
