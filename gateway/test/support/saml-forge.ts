import { randomBytes } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import type { SamlKey } from './saml-keys.ts'

/** Writes SAML answers by hand, true ones and others. */

export interface AnswerFields {
  readonly entityId: string
  readonly audience: string
  readonly acsUrl: string
  readonly requestId: string
  readonly nameId: string
  readonly email: string
  readonly groups: readonly string[]
  readonly responseId: string
  readonly assertionId: string
  readonly fromMs: number
  readonly untilMs: number
}

export function answerFields(given: Pick<AnswerFields, 'entityId' | 'audience' | 'acsUrl' | 'requestId'> & Partial<AnswerFields>): AnswerFields {
  return {
    nameId: 'dana@example.com', email: 'dana@example.com', groups: ['dba'],
    responseId: newId(), assertionId: newId(), fromMs: Date.now() - 1_000, untilMs: Date.now() + 300_000, ...given,
  }
}

export const newId = (): string => `_${randomBytes(16).toString('hex')}`

const at = (ms: number): string => new Date(ms).toISOString()

export function assertionXml(fields: AnswerFields): string {
  return `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${fields.assertionId}" Version="2.0" IssueInstant="${at(Date.now())}">`
    + `<saml:Issuer>${fields.entityId}</saml:Issuer>`
    + `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${fields.nameId}</saml:NameID>`
    + '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
    + `<saml:SubjectConfirmationData InResponseTo="${fields.requestId}" NotOnOrAfter="${at(fields.untilMs)}" Recipient="${fields.acsUrl}"/></saml:SubjectConfirmation></saml:Subject>`
    + `<saml:Conditions NotBefore="${at(fields.fromMs)}" NotOnOrAfter="${at(fields.untilMs)}">`
    + `<saml:AudienceRestriction><saml:Audience>${fields.audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`
    + `<saml:AuthnStatement AuthnInstant="${at(Date.now())}"><saml:AuthnContext>`
    + '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>'
    + `<saml:AttributeStatement><saml:Attribute Name="email"><saml:AttributeValue>${fields.email}</saml:AttributeValue></saml:Attribute>`
    + `<saml:Attribute Name="groups">${fields.groups.map((group) => `<saml:AttributeValue>${group}</saml:AttributeValue>`).join('')}</saml:Attribute></saml:AttributeStatement>`
    + '</saml:Assertion>'
}

export function responseXml(fields: AnswerFields, content: string): string {
  return `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="${fields.responseId}" Version="2.0" IssueInstant="${at(Date.now())}"`
    + ` Destination="${fields.acsUrl}" InResponseTo="${fields.requestId}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${fields.entityId}</saml:Issuer>`
    + `<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>${content}</samlp:Response>`
}

export interface SigningOptions {
  readonly element?: 'Assertion' | 'Response'
  readonly signatureAlgorithm?: string
  readonly digestAlgorithm?: string
  readonly transforms?: readonly string[]
  readonly canonicalization?: string
  /** Certificate that KeyInfo shows. */
  readonly show?: string
}

const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

/** Signs one element of a text, as a provider does. */
export function signXml(xml: string, key: SamlKey, options: SigningOptions = {}): string {
  const { element = 'Assertion' } = options
  const signer = new SignedXml({
    privateKey: key.key, publicCert: options.show ?? key.certificate, idAttribute: 'ID',
    signatureAlgorithm: options.signatureAlgorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: options.canonicalization ?? EXCLUSIVE,
  })
  signer.addReference({
    xpath: `//*[local-name(.)='${element}']`, transforms: [...(options.transforms ?? [ENVELOPED, EXCLUSIVE])],
    digestAlgorithm: options.digestAlgorithm ?? 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  signer.computeSignature(xml, { prefix: 'ds', location: { reference: `//*[local-name(.)='${element}']/*[local-name(.)='Issuer']`, action: 'after' } })
  return signer.getSignedXml()
}

export function encoded(xml: string): string {
  return Buffer.from(xml).toString('base64')
}

/** A true answer, signed as Sallyport demands. */
export function trueAnswer(fields: AnswerFields, key: SamlKey): string {
  return responseXml(fields, signXml(assertionXml(fields), key))
}
