import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { AuthenticationError } from '../../governance/identity.ts'
import { checkDecrypted, checkResponse, type Expected } from './check-response.ts'
import { decodeResponse } from './decode-response.ts'
import { decryptAssertion } from './decrypt-assertion.ts'
import { CLOCK_SKEW_MS, type ReadAssertion, readAssertion } from './read-assertion.ts'
import { readStrictXml } from './strict-xml.ts'

/**
 * Verifies the provider's answer in three steps: its form, by a strict reader (check-response.ts); its signatures, by
 * node-saml; and what it says, read strictly once more from the very bytes that node-saml found signed, never from the
 * answer as it came.
 *
 * @param ownKey our private key, PEM; absent: encrypted assertions are refused
 * @throws AuthenticationError
 */
export async function verifyResponse(encoded: string, expected: Expected, ownKey: string | undefined, nowMs: number): Promise<ReadAssertion> {
  const xml = decodeResponse(encoded)
  const { responseSigned, encrypted } = checkResponse(readStrictXml(xml), expected)
  if (encrypted !== undefined) {
    if (ownKey === undefined) throw new AuthenticationError('the assertion is encrypted, and no key is configured for it', 'Have the operator give "own" a key and a certificate.')
    checkDecrypted(readStrictXml(decryptAssertion(encrypted, ownKey)), expected.entry)
  }
  const signed = readStrictXml(await signedAssertion(xml, expected, responseSigned, encrypted === undefined ? undefined : ownKey))
  return readAssertion(signed, expected, nowMs)
}

/** The assertion's bytes over which its signature holds. */
async function signedAssertion(xml: string, { entry, acsUrl, requestId }: Expected, responseSigned: boolean, key: string | undefined): Promise<string> {
  const saml = new SAML({
    idpCert: [...entry.certificates], idpIssuer: entry.issuer, issuer: entry.audience, audience: entry.audience, callbackUrl: acsUrl,
    wantAssertionsSigned: true,
    // A signature of the response is not demanded, but one that is there must hold.
    wantAuthnResponseSigned: responseSigned,
    acceptedClockSkewMs: CLOCK_SKEW_MS,
    validateInResponseTo: ValidateInResponseTo.always,
    cacheProvider: {
      saveAsync: () => Promise.resolve(null),
      getAsync: (id) => Promise.resolve(id === requestId ? new Date().toISOString() : null),
      removeAsync: () => Promise.resolve(null),
    },
    ...(key === undefined ? {} : { decryptionPvk: key }),
  })
  try {
    const { profile } = await saml.validatePostResponseAsync({ SAMLResponse: Buffer.from(xml).toString('base64') })
    const assertion = profile?.getAssertionXml?.()
    if (assertion !== undefined) return assertion
  } catch (error) {
    throw refusal(error)
  }
  throw notSigned()
}

/** node-saml's words quote the answer; only what they are about is passed on. */
function refusal(error: unknown): AuthenticationError {
  const message = error instanceof Error ? error.message : ''
  if (message.includes('expired')) return new AuthenticationError('the assertion has expired', 'Log in again; if it lasts, have the operator compare the clocks of this machine and of the provider.')
  if (message.includes('not yet valid')) return new AuthenticationError('the assertion is not valid yet', 'Have the operator compare the clocks of this machine and of the provider.')
  if (message.includes('udience')) return new AuthenticationError('the assertion is meant for another audience', 'Have the operator compare "audience" with the entity ID that the provider knows us by.')
  if (message.includes('subject confirmation')) return new AuthenticationError('the assertion has expired or is not valid yet (its subject confirmation)', 'Log in again; if it lasts, have the operator compare the clocks of this machine and of the provider.')
  return notSigned()
}

function notSigned(): AuthenticationError {
  return new AuthenticationError('no signature in the answer holds under the certificates of the provider', 'Log in again; if it lasts, have the operator compare the certificates under saml with the provider\'s.')
}
