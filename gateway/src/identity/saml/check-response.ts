import { AuthenticationError } from '../../governance/identity.ts'
import { checkSignature } from './check-signature.ts'
import type { ReadEntry } from './read-keys.ts'
import { NS, STATUS_SUCCESS } from './saml-names.ts'
import { childrenOf, everyElement, is, malformed, type XmlElement } from './strict-xml.ts'

export interface Expected {
  readonly entry: ReadEntry
  /** Our assertion consumer service. */
  readonly acsUrl: string
  /** Of the AuthnRequest that this browser was sent with. */
  readonly requestId: string
}

export interface Envelope {
  readonly responseSigned: boolean
  readonly encrypted?: XmlElement
}

/**
 * Checks a Response (saml-core §3.3.3) before any signature is believed: one assertion in its one place, nothing
 * elsewhere that looks like one. Each known way to wrap a signed element puts a second Response or Assertion somewhere.
 *
 * @throws AuthenticationError
 */
export function checkResponse(response: XmlElement, expected: Expected): Envelope {
  if (!is(response, NS.protocol, 'Response')) throw malformed('it is no Response of SAML 2.0')
  const all = [...everyElement(response)]
  checkIds(all)
  refuseSecond(all)
  const plain = childrenOf(response, NS.assertion, 'Assertion')
  const encrypted = childrenOf(response, NS.assertion, 'EncryptedAssertion')
  if (all.some(({ name }) => name === 'Status')) checkStatus(response)
  const assertions = all.filter(({ name }) => name === 'Assertion' || name === 'EncryptedAssertion')
  if (assertions.length !== 1 || plain.length + encrypted.length !== 1) throw malformed('it does not hold one assertion in its place')
  checkParts(response)
  checkAddressing(response, expected)
  const signatures = all.filter(({ name }) => name === 'Signature')
  const responseSigned = childrenOf(response, NS.signature, 'Signature').length === 1
  const [assertion] = plain
  if (assertion !== undefined) checkAssertionSignature(assertion, expected.entry)
  if (signatures.length !== (responseSigned ? 1 : 0) + plain.length) throw malformed('a signature stands where none belongs')
  if (responseSigned) {
    checkSignature(childrenOf(response, NS.signature, 'Signature')[0] ?? response, response.attributes.get('ID') ?? '', expected.entry.certificates)
  }
  return { responseSigned, ...(encrypted[0] === undefined ? {} : { encrypted: encrypted[0] }) }
}

/** The same for an assertion that came encrypted. @throws AuthenticationError */
export function checkDecrypted(assertion: XmlElement, entry: ReadEntry): void {
  if (!is(assertion, NS.assertion, 'Assertion')) throw malformed('what was encrypted is no assertion')
  const all = [...everyElement(assertion)]
  checkIds(all)
  refuseSecond(all)
  if (all.filter(({ name }) => name === 'Signature').length > 1) throw malformed('a signature stands where none belongs')
  checkAssertionSignature(assertion, entry)
}

function checkAssertionSignature(assertion: XmlElement, entry: ReadEntry): void {
  const [signature, ...more] = childrenOf(assertion, NS.signature, 'Signature')
  if (signature === undefined) {
    throw new AuthenticationError('the assertion is not signed', 'Have the provider sign assertions; a signature of the response alone is not enough here.')
  }
  if (more.length > 0) throw malformed('an assertion has more than one signature')
  checkSignature(signature, assertion.attributes.get('ID') ?? '', entry.certificates)
}

/** Verifiers differ in which attribute they take for the id, so all of them count. */
function checkIds(all: readonly XmlElement[]): void {
  const ids = all.flatMap(({ attributes }) => [...attributes].flatMap(([name, value]) => (/^(?:[^:]*:)?id$/i.test(name) ? [value] : [])))
  if (new Set(ids).size !== ids.length) throw malformed('two elements have the same ID')
  if (ids.some((id) => !/^[A-Za-z_][A-Za-z0-9._-]{0,255}$/.test(id))) throw malformed('an ID is not one')
}

function refuseSecond(all: readonly XmlElement[]): void {
  for (const name of ['Response', 'Assertion', 'EncryptedAssertion', 'EncryptedData', 'Subject', 'Conditions']) {
    if (all.filter((element) => element.name === name).length > 1) throw malformed(`it holds more than one ${name}`)
  }
}

function checkStatus(response: XmlElement): void {
  const codes = childrenOf(response, NS.protocol, 'Status').flatMap((status) => childrenOf(status, NS.protocol, 'StatusCode'))
  const [code] = codes
  if (codes.length !== 1 || code === undefined) throw malformed('it does not say one status')
  if (code.attributes.get('Value') === STATUS_SUCCESS) return
  const inner = childrenOf(code, NS.protocol, 'StatusCode')[0] ?? code
  const [, word] = /^urn:oasis:names:tc:SAML:2\.0:status:([A-Za-z]{1,40})$/.exec(inner.attributes.get('Value') ?? '') ?? []
  throw new AuthenticationError(
    `the provider did not log the person in${word === undefined ? '' : ` (${word})`}`, 'Log in again, or ask whoever runs the identity provider.',
  )
}

const PARTS = new Set(['Issuer', 'Signature', 'Status', 'Assertion', 'EncryptedAssertion'])

function checkParts(response: XmlElement): void {
  const names = response.children.map(({ name }) => name)
  if (names.some((name) => !PARTS.has(name))) throw malformed('it holds an element that has no place there')
  if (new Set(names).size !== names.length || !names.includes('Status')) throw malformed('its parts are not those of a Response')
  if (response.text.trim() !== '') throw malformed('it holds text between its parts')
}

function checkAddressing(response: XmlElement, { entry, acsUrl, requestId }: Expected): void {
  const { attributes } = response
  if (attributes.get('Version') !== '2.0' || !attributes.has('ID')) throw malformed('it is no Response of SAML 2.0')
  const issuer = response.children.find(({ name }) => name === 'Issuer')
  if (issuer !== undefined && (issuer.namespace !== NS.assertion || issuer.text !== entry.issuer)) {
    throw new AuthenticationError('the answer is of another provider than was asked', 'Have the operator compare "issuer" with the provider\'s entity ID.')
  }
  const destination = attributes.get('Destination')
  // saml-bindings §3.5.5.2: demanded of signed messages, and never another when it is there.
  if (destination === undefined ? childrenOf(response, NS.signature, 'Signature').length > 0 : destination !== acsUrl) {
    throw new AuthenticationError('the answer is meant for another address (Destination)', `Have the provider send answers to ${acsUrl}.`)
  }
  const inResponseTo = attributes.get('InResponseTo')
  if (inResponseTo === undefined) throw unsolicited()
  if (inResponseTo !== requestId) throw new AuthenticationError('the answer is for another login than this browser began', 'Begin the login here again.')
}

export function unsolicited(): AuthenticationError {
  return new AuthenticationError('nobody asked for this login', 'Begin the login at Sallyport, not at the identity provider.')
}
