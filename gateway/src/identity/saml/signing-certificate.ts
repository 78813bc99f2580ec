import { constants, verify, X509Certificate } from 'node:crypto'
import { DOMParser, type Element, type Node } from '@xmldom/xmldom'
import { ExclusiveCanonicalization, findAncestorNs } from 'xml-crypto'
import { NS, SIGNATURE_METHODS } from './saml-names.ts'

const [RSA_SHA256, RSA_SHA512, RSA_PSS_SHA256] = SIGNATURE_METHODS

/**
 * Finds the certificate whose key signed an assertion's SignedInfo; undefined when none did.
 *
 * Only a beginning: what SignedInfo says of the assertion is not looked at. It keeps those out who have no signature of the
 * provider at all, before a large answer costs node-saml a quarter of a second. What it finds, node-saml proves once more.
 *
 * @param xml whose root, or one child of it, is the assertion; of a form that check-response.ts found right
 * @param certificates PEM
 */
export function signingCertificate(xml: string, certificates: readonly string[]): string | undefined {
  const { documentElement: root } = new DOMParser().parseFromString(xml, 'text/xml')
  const isAssertion = root.localName === 'Assertion'
  const assertion = isAssertion ? root : childOf(root, NS.assertion, 'Assertion')
  const signature = assertion && childOf(assertion, NS.signature, 'Signature')
  const signedInfo = signature && childOf(signature, NS.signature, 'SignedInfo')
  const method = signedInfo && childOf(signedInfo, NS.signature, 'SignatureMethod')?.getAttribute('Algorithm')
  const value = signature && childOf(signature, NS.signature, 'SignatureValue')?.textContent
  if (signedInfo === undefined || typeof method !== 'string' || typeof value !== 'string') return undefined
  const steps = [...(isAssertion ? [] : ['Response']), 'Assertion', 'Signature', 'SignedInfo']
  const ancestorNamespaces = findAncestorNs(root.ownerDocument, steps.map((name) => `/*[local-name()='${name}']`).join(''))
  const canonical = Buffer.from(new ExclusiveCanonicalization().process(signedInfo.cloneNode(true), { ancestorNamespaces }))
  const bytes = Buffer.from(value, 'base64')
  return certificates.find((pem) => holds(method, canonical, new X509Certificate(pem), bytes))
}

function holds(method: string, text: Buffer, { publicKey: key }: X509Certificate, signature: Buffer): boolean {
  switch (method) {
    case RSA_SHA256: return verify('sha256', text, key, signature)
    case RSA_SHA512: return verify('sha512', text, key, signature)
    case RSA_PSS_SHA256:
      return verify('sha256', text, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }, signature)
    default: return false
  }
}

function childOf(element: Element, namespace: string, name: string): Element | undefined {
  for (let child = element.firstChild; child !== null; child = child.nextSibling) {
    if (!isElement(child)) continue
    if (child.namespaceURI === namespace && child.localName === name) return child
  }
  return undefined
}

function isElement(node: Node): node is Element {
  return node.nodeType === 1
}
