import { z } from 'zod'

/** One line of the answer: masked values of a session, sealed to the auditor's public key. */
export const SealedOriginals = z.object({
  /** HPKE (RFC 9180): encapsulated key and ciphertext, base64. */
  sealed: z.base64(),
})
export type SealedOriginals = z.infer<typeof SealedOriginals>
