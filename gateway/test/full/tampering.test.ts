import { after, before, test } from 'node:test'
import { demandThatEditsAreFound, makeEvidence, type Evidence } from '../support/tampering.ts'

let evidence: Evidence
before(async () => {
  evidence = await makeEvidence()
})
after(() => evidence.remove())

for (const [kind, what, count] of [['ledger', 'a ledger', 1_000], ['tiles', 'a static copy', 600], ['files', 'a bundle or a proof', 600]] as const) {
  test(`${count} random edits of ${what} are found, and their place is named`, () => demandThatEditsAreFound(kind, evidence, count, 20_261))
}
