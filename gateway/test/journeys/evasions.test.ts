import { testMaskedLegitimate, testMaskedReads, testReadsOnly } from '../support/evasion-suites.ts'
import { SHOP_POLICY } from '../support/policies.ts'

// Each table is run whole; test/full has the protocol that is missing here, and masks where everything else is allowed.
testReadsOnly('simple')
testMaskedReads('reads with masks', SHOP_POLICY, 'extended')
testMaskedLegitimate('simple')
