import { testMaskedLegitimate, testMaskedReads, testReadsOnly } from '../support/evasion-suites.ts'
import { MASKED_WRITES, SHOP_POLICY } from '../support/policies.ts'

// The same tables as in journeys, each in the other protocol.
testReadsOnly('extended')
testMaskedReads('reads with masks', SHOP_POLICY, 'simple')
testMaskedReads('everything allowed, with masks', MASKED_WRITES, 'extended')
testMaskedLegitimate('extended')
