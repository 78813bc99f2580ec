import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { AuthenticationError } from '../../governance/identity.ts'
import { checkDecrypted, checkResponse, type Expected } from './check-response.ts'
import { decodeResponse } from './decode-response.ts'
import { decryptAssertion } from './decrypt-assertion.ts'
import { CLOCK_SKEW_MS, type ReadAssertion, readAssertion } from './read-assertion.ts'
import { signingCertificate } from './signing-certificate.ts'
import { readStrictXml } from './strict-xml.ts'

/**
 * Verifies the provider's answer in three steps: its form, by a strict reader (check-response.ts); its signatures, by
 * node-saml; and what it says, read strictly once more from the very bytes that node-saml found signed, never from the
 * answer as it came.
 * What is refused is refused by both: node-saml checks audience, times and request too.
 *
 * @param ownKey our private key, PEM; absent: encrypted assertions are refused
 * @throws AuthenticationError
 */
export async function verifyResponse(encoded: string, expected: Expected, ownKey: string | undefined, nowMs: number): Promise<ReadAssertion> {
  // XML 1.0 §2.11, before anybody canonicalizes.
  const xml = decodeResponse(encoded).replaceAll(/\r\n?/g, '\n')
  const response = readStrictXml(xml)
  const { responseSigned, encrypted } = checkResponse(response, expected)
  let claimed = response.children.find(({ name }) => name === 'Assertion')
  let claimedIn = xml
  if (encrypted !== undefined) {
    if (ownKey === undefined) throw new AuthenticationError('the assertion is encrypted, and no key is configured for it', 'Have the operator give "own" a key and a certificate.')
    claimedIn = decryptAssertion(encrypted, ownKey).replaceAll(/\r\n?/g, '\n')
    claimed = readStrictXml(claimedIn)
    checkDecrypted(claimed, expected.entry)
  }
  const certificate = signingCertificate(claimedIn, expected.entry.certificates)
  if (certificate === undefined) throw new NotAccepted(true)
  try {
    const signed = await signedAssertion(xml, expected, certificate, responseSigned, encrypted === undefined ? undefined : ownKey)
    return readAssertion(readStrictXml(signed), expected, nowMs)
  } catch (error) {
    // node-saml refuses for more than signatures. Its words quote the answer, so ours are found in what the answer claims.
    if (error instanceof NotAccepted && !error.ofSignature && claimed !== undefined) readAssertion(claimed, expected, nowMs)
    throw error
  }
}

/** The assertion's bytes over which its signature holds. */
async function signedAssertion(
  xml: string, { entry, acsUrl, requestId }: Expected, certificate: string, responseSigned: boolean, key: string | undefined,
): Promise<string> {
  const saml = new SAML({
    idpCert: certificate, idpIssuer: entry.issuer, issuer: entry.audience, audience: entry.audience, callbackUrl: acsUrl,
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
    throw new NotAccepted(!(error instanceof Error) || error.message.includes('signature'))
  }
  throw new NotAccepted(true)
}

class NotAccepted extends AuthenticationError {
  readonly ofSignature: boolean
  constructor(ofSignature: boolean) {
    super(
      ofSignature ? 'no signature in the answer holds under the certificates of the provider' : 'the answer is not one that can be accepted',
      'Log in again; if it lasts, have the operator compare the certificates under saml with the provider\'s.',
    )
    this.ofSignature = ofSignature
  }
}
