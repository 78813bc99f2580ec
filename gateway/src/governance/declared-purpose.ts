import { type Admission, AuthenticationError } from './identity.ts'

const MAX_LENGTH = 500

/** A declared purpose goes into messages and the ledger as one plain line. Undefined when nothing is left of it. */
export function oneLine(purpose: string | undefined): string | undefined {
  const line = purpose?.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800\s]+/gu, ' ').trim().slice(0, MAX_LENGTH)
  return line === '' ? undefined : line
}

/**
 * The purpose of a session: the one that its token was asked for with, else the one that the client declares while it
 * connects, else the registered one of the agent.
 * @throws AuthenticationError when the client declares another one than its token's
 */
export function withPurpose(admission: Admission, declared: string | undefined): Admission {
  const purpose = oneLine(declared)
  if (purpose === undefined || purpose === admission.purpose) return admission
  if (admission.purposeFixed === true) {
    throw new AuthenticationError('the declared purpose is not the one that the token was asked for with', 'Leave the purpose out of the connection, or get a token for this purpose.')
  }
  return { ...admission, purpose }
}
