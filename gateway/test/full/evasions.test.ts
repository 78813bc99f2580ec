import { testMaskedLegitimate, testMaskedReads, testReadsOnly } from '../support/evasion-suites.ts'
import { MASKED_WRITES, SHOP_POLICY } from '../support/policies.ts'

// The same tables as in journeys, each in the other protocol, and where everything else is allowed in both.
testReadsOnly('extended')
testMaskedReads('reads with masks', SHOP_POLICY, 'simple')
for (const protocol of ['simple', 'extended'] as const) testMaskedReads('everything allowed, with masks', MASKED_WRITES, protocol)
testMaskedLegitimate('extended')
