import { z } from 'zod'
import type { ConsoleClient } from '../governance/policy/policy-document.ts'
import { optionalKeys } from './optional-keys.ts'
import { referenceOf, words } from './value-schemas.ts'

/** `issuers[].console`: the client with which people log in at the console. */
export const consoleLoginSchema = optionalKeys<ConsoleClient>()(z.strictObject({
  clientId: words,
  clientSecret: referenceOf('vault', 'env', 'file').optional(),
}))
