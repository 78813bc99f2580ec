import { X509Certificate } from 'node:crypto'
import { AuthenticationError } from '../../governance/identity.ts'
import { DIGEST_METHODS, EXCLUSIVE_C14N, NS, SIGNATURE_METHODS, TRANSFORMS } from './saml-names.ts'
import { childrenOf, everyElement, is, malformed, type XmlElement } from './strict-xml.ts'

/**
 * Demands the one form of signature that saml-core §5.4 leaves: one reference, to the element that the signature stands
 * in, with the two transforms, by allowed algorithms. Whether it is true is for node-saml to find out; here nothing may
 * stand that two verifiers could understand differently.
 *
 * @param certificates of the provider, PEM
 * @throws AuthenticationError
 */
export function checkSignature(signature: XmlElement, signedId: string, certificates: readonly string[]): void {
  const parts = signature.children.map(({ name }) => name).join(' ')
  if (parts !== 'SignedInfo SignatureValue KeyInfo' && parts !== 'SignedInfo SignatureValue') throw wrongForm()
  const [signedInfo, signatureValue, keyInfo] = signature.children
  const [canonicalization, method, reference] = expect(signedInfo, 'SignedInfo', ['CanonicalizationMethod', 'SignatureMethod', 'Reference'])
  const [transforms, digestMethod, digestValue] = expect(reference, 'Reference', ['Transforms', 'DigestMethod', 'DigestValue'])
  expect(signatureValue, 'SignatureValue', [])
  expect(digestValue, 'DigestValue', [])
  const [enveloped, exclusive] = expect(transforms, 'Transforms', ['Transform', 'Transform'])
  expect(enveloped, 'Transform', [])
  for (const one of [canonicalization, exclusive]) allowPrefixList(one)
  for (const one of [method, digestMethod]) expect(one, one?.name ?? '', [])
  if (reference?.attributes.get('URI') !== `#${signedId}`) throw new AuthenticationError('a signature is for another element than the one it stands in', LOOK)
  if (algorithm(canonicalization) !== EXCLUSIVE_C14N || algorithm(enveloped) !== TRANSFORMS[0] || algorithm(exclusive) !== TRANSFORMS[1]) {
    throw new AuthenticationError('the signature uses transforms that SAML does not allow', LOOK)
  }
  if (!SIGNATURE_METHODS.includes(algorithm(method)) || !DIGEST_METHODS.includes(algorithm(digestMethod))) {
    throw new AuthenticationError('the signature uses an algorithm that is not accepted here', 'Have the provider sign with RSA and SHA-256 or SHA-512.')
  }
  if (keyInfo !== undefined) checkKeyInfo(keyInfo, certificates)
}

/** KeyInfo is a hint and never trusted; a certificate in it that nobody configured is told apart, as that is how a key change shows. */
function checkKeyInfo(keyInfo: XmlElement, certificates: readonly string[]): void {
  const all = [...everyElement(keyInfo)]
  if (all.some(({ namespace }) => namespace !== NS.signature)) throw wrongForm()
  const given = all.filter(({ name }) => name === 'X509Certificate').map(({ text }) => text.replaceAll(/\s/g, ''))
  const known = new Set(certificates.map((pem) => new X509Certificate(pem).raw.toString('base64')))
  if (given.length > 0 && !given.some((one) => known.has(one))) {
    throw new AuthenticationError(
      'the answer is signed with a certificate that is not among those of the provider here',
      'Have the operator compare the certificates under saml with the provider\'s; it may have changed its key.',
    )
  }
}

/** The children, when the element is what it must be and holds exactly those. */
function expect(element: XmlElement | undefined, name: string, children: readonly string[]): readonly XmlElement[] {
  if (!is(element, NS.signature, name)) throw wrongForm()
  const fits = element.children.length === children.length && children.every((child, index) => is(element.children[index], NS.signature, child))
  if (!fits || (children.length > 0 && element.text.trim() !== '')) throw wrongForm()
  return element.children
}

/** Exclusive canonicalization may come with a list of prefixes. */
function allowPrefixList(element: XmlElement | undefined): void {
  if (element === undefined || element.children.length > 1) throw wrongForm()
  if (element.children.length !== childrenOf(element, EXCLUSIVE_C14N, 'InclusiveNamespaces').length) throw wrongForm()
}

function algorithm(element: XmlElement | undefined): string {
  return element?.attributes.get('Algorithm') ?? ''
}

const LOOK = 'Log in again; if it lasts, have the operator look at the identity provider.'

function wrongForm(): AuthenticationError {
  return malformed('a signature has not the form that SAML demands')
}
