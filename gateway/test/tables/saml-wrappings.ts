import { type AnswerFields, assertionXml, newId, responseXml, signXml } from '../support/saml-forge.ts'
import type { SamlKey } from '../support/saml-keys.ts'

/**
 * The eight forms of XML signature wrapping of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky and others, 2012),
 * numbered as SAML Raider does, and some more. Each keeps a truly signed element somewhere and lets another be read.
 */
export const WRAPPINGS: Readonly<Record<string, (fields: AnswerFields, key: SamlKey) => string>> = {
  'XSW1: the signed Response in the signature of another': (fields, key) => {
    const { responseSignature, bareResponse, evilResponse } = responseParts(fields, key)
    return evilResponse.replace('<samlp:Status>', `${inSignature(responseSignature, bareResponse)}<samlp:Status>`)
  },
  'XSW2: the signed Response beside its signature in another': (fields, key) => {
    const { responseSignature, bareResponse, evilResponse } = responseParts(fields, key)
    return evilResponse.replace('<samlp:Status>', `${bareResponse}${responseSignature}<samlp:Status>`)
  },
  'XSW3: another assertion before the signed one': (fields, key) => responseXml(fields, evilOf(fields) + parts(fields, key).signed),
  'XSW4: the signed assertion within another': (fields, key) =>
    responseXml(fields, evilOf(fields).replace('</saml:Assertion>', `${parts(fields, key).signed}</saml:Assertion>`)),
  'XSW5: the signature in another assertion, the signed one after it': (fields, key) => {
    const { signature, bare } = parts(fields, key)
    return responseXml(fields, after(evilOf(fields), signature) + bare)
  },
  'XSW6: the signed assertion in its signature in another': (fields, key) => {
    const { signature, bare } = parts(fields, key)
    return responseXml(fields, after(evilOf(fields), inSignature(signature, bare)))
  },
  'XSW7: another assertion in Extensions': (fields, key) =>
    responseXml(fields, `<samlp:Extensions>${evilOf(fields)}</samlp:Extensions>${parts(fields, key).signed}`),
  'XSW8: the signed assertion in an Object of its signature in another': (fields, key) => {
    const { signature, bare } = parts(fields, key)
    return responseXml(fields, after(evilOf(fields), inSignature(signature, `<ds:Object>${bare}</ds:Object>`)))
  },
  'another assertion with the ID of the signed one': (fields, key) =>
    responseXml(fields, parts(fields, key).signed + assertionXml({ ...EVIL, ...addressOf(fields), assertionId: fields.assertionId })),
  'another assertion in Advice': (fields, key) =>
    responseXml(fields, parts(fields, key).signed.replace('<saml:AuthnStatement', `<saml:Advice>${evilOf(fields)}</saml:Advice><saml:AuthnStatement`)),
  'another assertion in the status': (fields, key) =>
    responseXml(fields, parts(fields, key).signed).replace('</samlp:Status>', `<samlp:StatusDetail>${evilOf(fields)}</samlp:StatusDetail></samlp:Status>`),
  'the signed assertion in KeyInfo of its signature in another': (fields, key) => {
    const { signature, bare } = parts(fields, key)
    return responseXml(fields, after(evilOf(fields), signature.replace('</ds:KeyInfo>', `${bare}</ds:KeyInfo>`)))
  },
}

const EVIL = { nameId: 'root@example.com', email: 'root@example.com', groups: ['admins'] }

function addressOf({ entityId, audience, acsUrl, requestId, responseId, fromMs, untilMs }: AnswerFields) {
  return { entityId, audience, acsUrl, requestId, responseId, fromMs, untilMs }
}

function evilOf(fields: AnswerFields): string {
  return assertionXml({ ...EVIL, ...addressOf(fields), assertionId: newId() })
}

function parts(fields: AnswerFields, key: SamlKey) {
  const signed = signXml(assertionXml(fields), key)
  const [signature] = /<ds:Signature .*<\/ds:Signature>/s.exec(signed) ?? ['']
  return { signed, signature, bare: signed.replace(signature, '') }
}

function responseParts(fields: AnswerFields, key: SamlKey) {
  const signedResponse = signXml(responseXml(fields, parts(fields, key).signed), key, { element: 'Response' })
  const [responseSignature] = /<ds:Signature (?:(?!<\/ds:Signature>).)*<\/ds:Signature>/s.exec(signedResponse) ?? ['']
  const evilResponse = responseXml({ ...fields, responseId: newId() }, evilOf(fields))
  return { responseSignature, bareResponse: signedResponse.replace(responseSignature, ''), evilResponse }
}

function inSignature(signature: string, inner: string): string {
  return signature.replace('</ds:Signature>', `${inner}</ds:Signature>`)
}

function after(assertion: string, signature: string): string {
  return assertion.replace('</saml:Issuer>', `</saml:Issuer>${signature}`)
}
