import { after, before, test } from 'node:test'
import { demandThatEditsAreFound, makeEvidence, type Evidence } from '../../test/support/tampering.ts'

let evidence: Evidence
before(async () => {
  evidence = await makeEvidence()
})
after(() => evidence.remove())

/** More of them in gateway/test/full/tampering.test.ts; each kind located to the byte in verify.test.ts. */
for (const [kind, what] of [['ledger', 'a ledger'], ['tiles', 'a static copy'], ['files', 'a bundle or a proof']] as const) {
  test(`random edits of ${what} are found, and their place is named`, () => demandThatEditsAreFound(kind, evidence, 100, 7))
}
