import { testMaskedLegitimate, testMaskedReads, testReadsOnly } from '../support/evasion-suites.ts'
import { MASKED_WRITES, SHOP_POLICY } from '../support/policies.ts'

// Each table is run whole, those of masks in both protocols; test/full has the protocol that is missing here.
testReadsOnly('simple')
testMaskedReads('reads with masks', SHOP_POLICY, 'extended')
testMaskedReads('everything allowed, with masks', MASKED_WRITES, 'simple')
testMaskedLegitimate('simple')
