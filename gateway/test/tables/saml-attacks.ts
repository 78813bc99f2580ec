import { createHmac } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { encryptAssertion } from '../support/saml-encrypt.ts'
import { type AnswerFields, assertionXml, encoded, newId, responseXml, signXml, trueAnswer } from '../support/saml-forge.ts'
import type { SamlKey } from '../support/saml-keys.ts'
import { WRAPPINGS } from './saml-wrappings.ts'

export interface AttackSetting {
  /** Of a true answer to the login that was begun. */
  readonly fields: AnswerFields
  /** The provider's. */
  readonly key: SamlKey
  /** Nobody's whom Sallyport knows. */
  readonly otherKey: SamlKey
  /** Sallyport's certificate. */
  readonly ownCertificate: string
}

export interface SamlAttack {
  readonly name: string
  /** Value of SAMLResponse. */
  readonly forge: (setting: AttackSetting) => string
  /** What the person is told, and the record says. */
  readonly refused: RegExp
}

const DS = 'http://www.w3.org/2000/09/xmldsig#'
const MALFORMED = /answer is malformed/

/** An attack on the XML: the answer as text. */
function xml(name: string, refused: RegExp, forge: (setting: AttackSetting) => string): SamlAttack {
  return { name, refused, forge: (setting) => encoded(forge(setting)) }
}

/** A true answer but for its fields. */
function fields(name: string, refused: RegExp, changed: (fields: AnswerFields) => Partial<AnswerFields>): SamlAttack {
  return xml(name, refused, (setting) => trueAnswer({ ...setting.fields, ...changed(setting.fields) }, setting.key))
}

/** What the provider really signed: shows what is not taken even from it. */
function signedAs(name: string, refused: RegExp, change: (assertion: string, setting: AttackSetting) => string): SamlAttack {
  return xml(name, refused, (setting) => responseXml(setting.fields, signXml(change(assertionXml(setting.fields), setting), setting.key)))
}

/** A true answer, changed afterwards. */
function altered(name: string, refused: RegExp, change: (answer: string, setting: AttackSetting) => string): SamlAttack {
  return xml(name, refused, (setting) => {
    const answer = trueAnswer(setting.fields, setting.key)
    const changed = change(answer, setting)
    if (changed === answer) throw new Error(`"${name}" changes nothing`)
    return changed
  })
}

function swap(text: string, from: string | RegExp, to: string): string {
  const changed = text.replace(from, () => to)
  if (changed === text) throw new Error(`there is no ${from} to replace`)
  return changed
}

const signatures: readonly SamlAttack[] = [
  xml('an assertion that is not signed', /the assertion is not signed/, ({ fields: f }) => responseXml(f, assertionXml(f))),
  xml('a signed response with an assertion that is not', /the assertion is not signed/, ({ fields: f, key }) => signXml(responseXml(f, assertionXml(f)), key, { element: 'Response' })),
  xml('a signed response whose signature is broken, around a signed assertion', /no signature in the answer holds/, ({ fields: f, key }) =>
    swap(signXml(responseXml(f, signXml(assertionXml(f), key)), key, { element: 'Response' }), `ID="${f.responseId}" Version="2.0"`, `ID="${f.responseId}" Consent="x" Version="2.0"`)),
  xml('another key, with its own certificate in KeyInfo', /certificate that is not among/, ({ fields: f, otherKey }) => trueAnswer(f, otherKey)),
  xml('another key, with the true certificate in KeyInfo', /no signature in the answer holds/, ({ fields: f, key, otherKey }) =>
    responseXml(f, signXml(assertionXml(f), otherKey, { show: key.certificate }))),
  xml('another key, without KeyInfo', /no signature in the answer holds/, ({ fields: f, otherKey }) =>
    swap(trueAnswer(f, otherKey), /<ds:KeyInfo>.*<\/ds:KeyInfo>/s, '')),
  altered('another NameID after signing', /no signature in the answer holds/, (answer) => swap(answer, '>dana@example.com</saml:NameID>', '>root@example.com</saml:NameID>')),
  altered('another group after signing', /no signature in the answer holds/, (answer) => swap(answer, '>dba<', '>admins<')),
  altered('another digest after signing', /no signature in the answer holds/, (answer) => swap(answer, /<ds:DigestValue>[^<]+/, `<ds:DigestValue>${Buffer.alloc(32).toString('base64')}`)),
  altered('an empty signature value', /no signature in the answer holds/, (answer) => swap(answer, /<ds:SignatureValue>[^<]+/, '<ds:SignatureValue>')),
  altered('a signature for another element', /for another element/, (answer, { fields: f }) => swap(answer, `URI="#${f.assertionId}"`, `URI="#${f.responseId}"`)),
  altered('a signature for the whole document', /for another element/, (answer, { fields: f }) => swap(answer, `URI="#${f.assertionId}"`, 'URI=""')),
  altered('a signature for a file elsewhere', /for another element/, (answer, { fields: f }) => swap(answer, `URI="#${f.assertionId}"`, 'URI="file:///etc/passwd"')),
  altered('a signature by XPointer', /for another element/, (answer, { fields: f }) => swap(answer, `URI="#${f.assertionId}"`, `URI="#xpointer(id('${f.assertionId}'))"`)),
  altered('two references', MALFORMED, (answer) => swap(answer, '</ds:Reference>', `</ds:Reference>${/<ds:Reference .*<\/ds:Reference>/s.exec(answer)?.[0] ?? ''}`)),
  altered('two SignedInfo', MALFORMED, (answer) => swap(answer, '</ds:SignedInfo>', `</ds:SignedInfo>${/<ds:SignedInfo>.*<\/ds:SignedInfo>/s.exec(answer)?.[0] ?? ''}`)),
  altered('two signatures of one assertion', MALFORMED, (answer) => swap(answer, '</ds:Signature>', `</ds:Signature>${/<ds:Signature .*<\/ds:Signature>/s.exec(answer)?.[0] ?? ''}`)),
  altered('two digests in one reference', MALFORMED, (answer) => swap(answer, '<ds:DigestValue>', '<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>')),
  altered('an element within the digest', MALFORMED, (answer) => swap(answer, '<ds:DigestValue>', '<ds:DigestValue><ds:X>AAAA</ds:X>')),
  altered('the signature outside of the assertion', /the assertion is not signed/, (answer) => {
    const [signature = ''] = /<ds:Signature .*<\/ds:Signature>/s.exec(answer) ?? []
    return swap(swap(answer, signature, ''), '<samlp:Status>', `${signature}<samlp:Status>`)
  }),
  altered('a signature in a namespace that looks alike', /the assertion is not signed/, (answer) => answer.replaceAll(DS, 'http://www.w3.org/2000/09/xmldsig')),
]

const algorithms: readonly SamlAttack[] = [
  xml('a signature with SHA-1', /algorithm that is not accepted/, ({ fields: f, key }) => responseXml(f, signXml(assertionXml(f), key, { signatureAlgorithm: `${DS}rsa-sha1` }))),
  xml('a digest with SHA-1', /algorithm that is not accepted/, ({ fields: f, key }) => responseXml(f, signXml(assertionXml(f), key, { digestAlgorithm: `${DS}sha1` }))),
  altered('a signature with MD5', /algorithm that is not accepted/, (answer) => swap(answer, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', 'http://www.w3.org/2001/04/xmldsig-more#rsa-md5')),
  altered('HMAC with the public key', /algorithm that is not accepted/, (answer, { key }) => {
    const hmac = swap(answer, 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256', `${DS}hmac-sha1`)
    const [signedInfo = ''] = /<ds:SignedInfo>.*<\/ds:SignedInfo>/s.exec(hmac) ?? []
    const canonical = signedInfo.replace('<ds:SignedInfo>', `<ds:SignedInfo xmlns:ds="${DS}">`)
    return swap(hmac, /<ds:SignatureValue>[^<]+/, `<ds:SignatureValue>${createHmac('sha1', key.certificate).update(canonical).digest('base64')}`)
  }),
  altered('no algorithm at all', /algorithm that is not accepted/, (answer) => swap(answer, /<ds:SignatureMethod Algorithm="[^"]+"/, '<ds:SignatureMethod')),
  altered('the algorithm of a prototype', /algorithm that is not accepted/, (answer) => swap(answer, /<ds:SignatureMethod Algorithm="[^"]+"/, '<ds:SignatureMethod Algorithm="__proto__"')),
  altered('a transform by XSLT', /transforms that SAML does not allow/, (answer) => swap(answer, `${DS}enveloped-signature`, 'http://www.w3.org/TR/1999/REC-xslt-19991116')),
  altered('a transform by XPath that leaves all out', MALFORMED, (answer) => swap(
    answer, `<ds:Transform Algorithm="${DS}enveloped-signature"/>`, '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(//*)</ds:XPath></ds:Transform>',
  )),
  altered('three transforms', MALFORMED, (answer) => swap(answer, '<ds:Transforms>', `<ds:Transforms><ds:Transform Algorithm="${DS}base64"/>`)),
  altered('no transforms', MALFORMED, (answer) => swap(answer, /<ds:Transforms>.*<\/ds:Transforms>/s, '')),
  xml('canonicalization with comments', /transforms that SAML does not allow/, ({ fields: f, key }) =>
    responseXml(f, signXml(assertionXml(f), key, { canonicalization: 'http://www.w3.org/2001/10/xml-exc-c14n#WithComments' }))),
  xml('inclusive canonicalization', /transforms that SAML does not allow/, ({ fields: f, key }) =>
    responseXml(f, signXml(assertionXml(f), key, { transforms: [`${DS}enveloped-signature`, 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'] }))),
]

const texts: readonly SamlAttack[] = [
  altered('a comment that cuts the NameID short', /comments or CDATA/, (answer) => swap(answer, '>dana@example.com</saml:NameID>', '>dana@example.com<!-- -->.evil.test</saml:NameID>')),
  signedAs('a comment in a NameID that the provider signed', /comments or CDATA/, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '>root@example.com<!---->.evil.test</saml:NameID>')),
  signedAs('a comment in an attribute', /comments or CDATA/, (assertion) => swap(assertion, '>dba<', '>admins<!---->-of-nothing<')),
  signedAs('a CDATA section in the NameID', /comments or CDATA/, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '><![CDATA[root@example.com]]></saml:NameID>')),
  altered('a processing instruction in the NameID', /processing instructions/, (answer) => swap(answer, '>dana@example.com</saml:NameID>', '>root@example.com<?x?>.evil.test</saml:NameID>')),
  altered('a processing instruction before the Response', /processing instructions/, (answer) => `<?xml-stylesheet href="http://evil.test/x"?>${answer}`),
  altered('an entity of its own', /DOCTYPE/, (answer) => `<!DOCTYPE x [<!ENTITY who "root@example.com">]>${swap(answer, '>dana@example.com</saml:NameID>', '>&who;</saml:NameID>')}`),
  altered('an entity that is a file', /DOCTYPE/, (answer) => `<!DOCTYPE x [<!ENTITY who SYSTEM "file:///etc/passwd">]>${swap(answer, '>dana@example.com</saml:NameID>', '>&who;</saml:NameID>')}`),
  altered('an entity from elsewhere', /DOCTYPE/, (answer) => `<!DOCTYPE x SYSTEM "http://127.0.0.1:1/evil.dtd">${answer}`),
  altered('a billion laughs', /DOCTYPE/, (answer) => {
    const laughs = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join('')
    return `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]>${swap(answer, '>dana@example.com</saml:NameID>', '>&l9;</saml:NameID>')}`
  }),
  altered('a DOCTYPE in small letters', /DOCTYPE/, (answer) => `<!doctype x>${answer}`),
  altered('an entity that nobody defined', /not well-formed/, (answer) => swap(answer, '>dana@example.com</saml:NameID>', '>dana@example.com&nbsp;</saml:NameID>')),
  altered('text after the end', /not well-formed/, (answer) => `${answer}<x/>`),
  altered('an attribute given twice', /not well-formed/, (answer) => swap(answer, 'Version="2.0"', 'Version="2.0" Version="2.0"')),
  altered('an element that is not closed', /not well-formed/, (answer) => swap(answer, '</saml:Subject>', '')),
  altered('a prefix that is bound to nothing', /not well-formed/, (answer) => answer.replaceAll('xmlns:saml=', 'xmlns:salm=')),
  altered('an encoding that is not UTF-8', /another encoding/, (answer) => `<?xml version="1.0" encoding="UTF-7"?>${answer}`),
  altered('very deep nesting', /nested more than/, (answer) => swap(answer, '<samlp:Status>', `${'<x>'.repeat(5_000)}${'</x>'.repeat(5_000)}<samlp:Status>`)),
  altered('very many elements', /more than 2000 elements/, (answer) => swap(answer, '<samlp:Status>', `${'<x/>'.repeat(5_000)}<samlp:Status>`)),
  altered('very many attributes', /more than 16 attributes/, (answer) => swap(answer, '<samlp:Status>', `<samlp:Status ${Array.from({ length: 500 }, (_, index) => `a${index}=""`).join(' ')}>`)),
  altered('a very long text', /longer than|larger than/, (answer) => swap(answer, '</samlp:Response>', `${' '.repeat(250_000)}</samlp:Response>`)),
]

const addressing: readonly SamlAttack[] = [
  fields('another audience', /meant for another audience/, () => ({ audience: 'https://other.test/saml' })),
  fields('an audience that only begins alike', /meant for another audience/, ({ audience }) => ({ audience: `${audience}.evil.test` })),
  signedAs('no audience at all', /meant for another audience/, (assertion) => swap(assertion, /<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/s, '')),
  signedAs('a second restriction to another audience', /meant for another audience/, (assertion) =>
    swap(assertion, '</saml:Conditions>', '<saml:AudienceRestriction><saml:Audience>https://other.test</saml:Audience></saml:AudienceRestriction></saml:Conditions>')),
  signedAs('no conditions at all', /does not hold one Conditions/, (assertion) => swap(assertion, /<saml:Conditions.*<\/saml:Conditions>/s, '')),
  signedAs('a condition that nobody understands', /not understood/, (assertion) => swap(assertion, '</saml:Conditions>', '<saml:OnlyOnMondays/></saml:Conditions>')),
  signedAs('another recipient', /Recipient/, (assertion, { fields: f }) => swap(assertion, `Recipient="${f.acsUrl}"`, 'Recipient="https://other.test/acs"')),
  signedAs('no recipient', /Recipient/, (assertion, { fields: f }) => swap(assertion, ` Recipient="${f.acsUrl}"`, '')),
  altered('another destination', /Destination/, (answer, { fields: f }) => swap(answer, `Destination="${f.acsUrl}"`, 'Destination="https://other.test/acs"')),
  altered('an empty destination', /Destination/, (answer, { fields: f }) => swap(answer, `Destination="${f.acsUrl}"`, 'Destination=""')),
  xml('a signed response without a destination', /Destination/, ({ fields: f, key }) =>
    signXml(swap(responseXml(f, signXml(assertionXml(f), key)), ` Destination="${f.acsUrl}"`, ''), key, { element: 'Response' })),
  signedAs('another issuer', /another issuer/, (assertion, { fields: f }) => swap(assertion, `<saml:Issuer>${f.entityId}<`, '<saml:Issuer>https://other.test/idp<')),
  signedAs('an issuer with space around it', /another issuer/, (assertion, { fields: f }) => swap(assertion, `<saml:Issuer>${f.entityId}<`, `<saml:Issuer> ${f.entityId}<`)),
  altered('another issuer of the response', /another provider/, (answer, { fields: f }) => swap(answer, `>${f.entityId}</saml:Issuer><samlp:Status>`, '>https://other.test/idp</saml:Issuer><samlp:Status>')),
  altered('the answer to another request', /another login than this browser/, (answer, { fields: f }) => swap(answer, `" InResponseTo="${f.requestId}"`, `" InResponseTo="${newId()}"`)),
  signedAs('the assertion for another request', /another login than this browser/, (assertion, { fields: f }) => swap(assertion, `InResponseTo="${f.requestId}"`, `InResponseTo="${newId()}"`)),
  altered('a response that nobody asked for', /nobody asked/, (answer, { fields: f }) => swap(answer, `" InResponseTo="${f.requestId}"`, '"')),
  signedAs('an assertion that nobody asked for', /nobody asked/, (assertion, { fields: f }) => swap(assertion, `InResponseTo="${f.requestId}" `, '')),
]

const times: readonly SamlAttack[] = [
  fields('an assertion that has expired', /has expired/, () => ({ untilMs: Date.now() - 61_000, fromMs: Date.now() - 400_000 })),
  fields('an assertion that is not valid yet', /not valid yet/, () => ({ fromMs: Date.now() + 65_000 })),
  signedAs('a confirmation that has expired', /has expired/, (assertion) => swap(assertion, /InResponseTo="([^"]+)" NotOnOrAfter="[^"]+"/, `InResponseTo="${/InResponseTo="([^"]+)"/.exec(assertion)?.[1]}" NotOnOrAfter="2020-01-01T00:00:00Z"`)),
  signedAs('a confirmation without an end', MALFORMED, (assertion) => swap(assertion, / NotOnOrAfter="[^"]+" Recipient/, ' Recipient')),
  fields('an assertion for a year', /longer than a day/, () => ({ untilMs: Date.now() + 365 * 86_400_000 })),
  signedAs('a time in another zone', MALFORMED, (assertion) => assertion.replaceAll(/NotOnOrAfter="[^"]+"/g, 'NotOnOrAfter="2099-01-01T00:00:00+14:00"')),
  signedAs('a time that is none', MALFORMED, (assertion) => assertion.replaceAll(/NotBefore="[^"]+"/g, 'NotBefore="yesterday"')),
  signedAs('a login that has ended at the provider', /has ended/, (assertion) => swap(assertion, '<saml:AuthnStatement ', '<saml:AuthnStatement SessionNotOnOrAfter="2020-01-01T00:00:00Z" ')),
]

const structure: readonly SamlAttack[] = [
  xml('two signed assertions', MALFORMED, ({ fields: f, key }) =>
    responseXml(f, signXml(assertionXml(f), key) + signXml(assertionXml({ ...f, assertionId: newId(), nameId: 'root@example.com' }), key))),
  xml('no assertion', MALFORMED, ({ fields: f }) => responseXml(f, '')),
  altered('the same ID twice', /same ID/, (answer, { fields: f }) => swap(answer, `ID="${f.responseId}"`, `ID="${f.assertionId}"`)),
  altered('the same ID once more under another name', /same ID/, (answer, { fields: f }) => swap(answer, '<samlp:Status>', `<samlp:Status Id="${f.assertionId}">`)),
  altered('the same ID with a prefix', /same ID/, (answer, { fields: f }) => swap(answer, '<samlp:Status>', `<samlp:Status xml:id="${f.assertionId}">`)),
  altered('an ID with quotes', MALFORMED, (answer, { fields: f }) => answer.replaceAll(f.assertionId, `${f.assertionId}&apos; or &apos;1`)),
  altered('an assertion in another namespace', MALFORMED, (answer) => answer.replaceAll('urn:oasis:names:tc:SAML:2.0:assertion', 'urn:oasis:names:tc:SAML:1.0:assertion')),
  altered('a response in another namespace', MALFORMED, (answer) => answer.replaceAll('urn:oasis:names:tc:SAML:2.0:protocol', 'urn:oasis:names:tc:SAML:1.0:protocol')),
  altered('a prefix that is bound anew within', MALFORMED, (answer) => swap(answer, '<samlp:Status>', '<samlp:Status xmlns:samlp="urn:evil">')),
  altered('a logout answer', MALFORMED, (answer) => answer.replaceAll('samlp:Response', 'samlp:LogoutResponse')),
  altered('a request instead of an answer', MALFORMED, (answer) => answer.replaceAll('samlp:Response', 'samlp:AuthnRequest')),
  altered('version 1.1', MALFORMED, (answer, { fields: f }) => swap(answer, `ID="${f.responseId}" Version="2.0"`, `ID="${f.responseId}" Version="1.1"`)),
  altered('an element without a place', MALFORMED, (answer) => swap(answer, '<samlp:Status>', '<x/><samlp:Status>')),
  altered('a failure with an assertion', /did not log the person in \(AuthnFailed\)/, (answer) => swap(answer, 'status:Success"/>', 'status:Responder"><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"/></samlp:StatusCode>')),
  altered('no status', MALFORMED, (answer) => swap(answer, /<samlp:Status>.*<\/samlp:Status>/s, '')),
  altered('a status in words of an attacker', /did not log the person in$/, (answer) => swap(answer, 'SAML:2.0:status:Success', 'SAML:2.0:status:\u202eOwned by evil.test')),
  signedAs('two NameIDs', MALFORMED, (assertion) => swap(assertion, '</saml:NameID>', '</saml:NameID><saml:NameID>root@example.com</saml:NameID>')),
  signedAs('a NameID with an element in it', MALFORMED, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '>root@example.com<x>.evil.test</x></saml:NameID>')),
  signedAs('a NameID in another namespace', MALFORMED, (assertion) => swap(assertion, '<saml:NameID ', '<saml:NameID xmlns:saml="urn:evil" ')),
  signedAs('an encrypted NameID', MALFORMED, (assertion) => assertion.replaceAll('saml:NameID', 'saml:EncryptedID')),
  signedAs('no NameID', MALFORMED, (assertion) => swap(assertion, /<saml:NameID.*<\/saml:NameID>/s, '')),
  signedAs('an empty NameID', MALFORMED, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '></saml:NameID>')),
  signedAs('a NameID with a line end', MALFORMED, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '>dana@example.com&#10;root</saml:NameID>')),
  signedAs('a NameID that turns the text around', MALFORMED, (assertion) => swap(assertion, '>dana@example.com</saml:NameID>', '>dana\u202e@example.com</saml:NameID>')),
  signedAs('a transient NameID', /transient/, (assertion) => swap(assertion, 'nameid-format:persistent', 'nameid-format:transient')),
  signedAs('two subjects', MALFORMED, (assertion) => swap(assertion, '<saml:Conditions', `${/<saml:Subject>.*<\/saml:Subject>/s.exec(assertion)?.[0]}<saml:Conditions`)),
  signedAs('a confirmation by holder of key', MALFORMED, (assertion) => swap(assertion, 'cm:bearer', 'cm:holder-of-key')),
  signedAs('two bearer confirmations', MALFORMED, (assertion) => swap(assertion, '</saml:Subject>', `${/<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/s.exec(assertion)?.[0]}</saml:Subject>`)),
  signedAs('no login of the person', /did not|does not say that the person/, (assertion) => swap(assertion, /<saml:AuthnStatement.*<\/saml:AuthnStatement>/s, '')),
  signedAs('the person twice', /given twice/, (assertion) => swap(assertion, '</saml:AttributeStatement>', '<saml:Attribute Name="email"><saml:AttributeValue>root@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>')),
  signedAs('the groups twice', /given twice/, (assertion) => swap(assertion, '</saml:AttributeStatement>', '<saml:Attribute Name="groups"><saml:AttributeValue>admins</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>')),
  signedAs('an attribute with an element in it', /not plain text/, (assertion) => swap(assertion, '>dba<', '><x>admins</x><')),
  signedAs('a person of two names', /unregistered|non-human|person/, (assertion) => swap(assertion, '<saml:AttributeValue>dana@example.com</saml:AttributeValue>', '<saml:AttributeValue>dana@example.com</saml:AttributeValue><saml:AttributeValue>root@example.com</saml:AttributeValue>')),
  signedAs('no person', /unregistered|non-human|person/, (assertion) => swap(assertion, 'Name="email"', 'Name="mail"')),
  fields('a person with the name of an agent', /name of a registered agent/, () => ({ email: 'support-bot' })),
]

const encrypted: readonly SamlAttack[] = [
  xml('a sealed text with a broken tag', /cannot be opened/, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(signXml(assertionXml(f), key), ownCertificate, { change: (sealed) => Buffer.concat([sealed.subarray(0, -1), Buffer.from([(sealed.at(-1) ?? 0) ^ 1])]) }))),
  xml('a sealed text with a changed byte', /cannot be opened/, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(signXml(assertionXml(f), key), ownCertificate, { change: (sealed) => Buffer.from(sealed.with(40, (sealed[40] ?? 0) ^ 1)) }))),
  xml('a sealed text that is cut short', /cannot be opened/, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(signXml(assertionXml(f), key), ownCertificate, { change: (sealed) => sealed.subarray(0, 20) }))),
  xml('a text sealed for somebody else', /cannot be opened/, ({ fields: f, key, otherKey }) => responseXml(f, encryptAssertion(signXml(assertionXml(f), key), otherKey.certificate))),
  xml('a sealed assertion that is not signed', /the assertion is not signed/, ({ fields: f, ownCertificate }) => responseXml(f, encryptAssertion(assertionXml(f), ownCertificate))),
  xml('a sealed assertion in a signed response', /the assertion is not signed/, ({ fields: f, key, ownCertificate }) =>
    signXml(responseXml(f, encryptAssertion(assertionXml(f), ownCertificate)), key, { element: 'Response' })),
  xml('a sealed assertion signed by another key', /certificate that is not among/, ({ fields: f, otherKey, ownCertificate }) => responseXml(f, encryptAssertion(signXml(assertionXml(f), otherKey), ownCertificate))),
  xml('a sealed assertion signed with SHA-1', /algorithm that is not accepted/, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(signXml(assertionXml(f), key, { signatureAlgorithm: `${DS}rsa-sha1` }), ownCertificate))),
  xml('a sealed assertion with a comment', /comments or CDATA/, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(swap(signXml(assertionXml(f), key), '>dana@example.com</saml:NameID>', '>dana@example.com<!---->.evil.test</saml:NameID>'), ownCertificate))),
  xml('a sealed DOCTYPE', /DOCTYPE/, ({ fields: f, key, ownCertificate }) => responseXml(f, encryptAssertion(`<!DOCTYPE x [<!ENTITY a "b">]>${signXml(assertionXml(f), key)}`, ownCertificate))),
  xml('a sealed assertion in another', MALFORMED, ({ fields: f, key, ownCertificate }) =>
    responseXml(f, encryptAssertion(swap(assertionXml({ ...f, assertionId: newId() }), '</saml:Assertion>', `${signXml(assertionXml(f), key)}</saml:Assertion>`), ownCertificate))),
  xml('something else that is sealed', MALFORMED, ({ fields: f, ownCertificate }) => responseXml(f, encryptAssertion('<x/>', ownCertificate))),
  xml('AES-CBC', /encrypted with an algorithm/, ({ fields: f, key, ownCertificate }) => responseXml(f, encryptAssertion(signXml(assertionXml(f), key), ownCertificate, { cipher: 'aes-256-cbc' }))),
  xml('a key sealed with RSA 1.5', /encrypted with an algorithm/, ({ fields: f, key, ownCertificate }) => responseXml(f, encryptAssertion(signXml(assertionXml(f), key), ownCertificate, { transport: 'rsa-1_5' }))),
  xml('a sealed assertion beside an open one', MALFORMED, ({ fields: f, key, ownCertificate }) => {
    const signed = signXml(assertionXml(f), key)
    return responseXml(f, signed + encryptAssertion(signed, ownCertificate))
  }),
  xml('two sealed assertions', MALFORMED, ({ fields: f, key, ownCertificate }) => {
    const one = encryptAssertion(signXml(assertionXml(f), key), ownCertificate)
    return responseXml(f, one + one)
  }),
  xml('two sealed keys', MALFORMED, ({ fields: f, key, ownCertificate }) => {
    const one = encryptAssertion(signXml(assertionXml(f), key), ownCertificate)
    return responseXml(f, swap(one, '</xenc:EncryptedKey>', `</xenc:EncryptedKey>${/<xenc:EncryptedKey>.*<\/xenc:EncryptedKey>/s.exec(one)?.[0]}`))
  }),
]

const encodings: readonly SamlAttack[] = [
  { name: 'base64 for URLs', refused: /not base64/, forge: ({ fields: f, key }) => Buffer.from(`${trueAnswer(f, key)}<!--\u00fb\u00ff\u00fe\u00bf-->`).toString('base64').replaceAll('+', '-').replaceAll('/', '_').replace(/^/, '_') },
  { name: 'base64 without its end', refused: /not base64/, forge: ({ fields: f, key }) => `${encoded(`${trueAnswer(f, key)} `).replaceAll('=', '')}A` },
  { name: 'base64 with something after it', refused: /not base64/, forge: ({ fields: f, key }) => `${encoded(trueAnswer(f, key))}====` },
  { name: 'base64 with other characters in it', refused: /not base64/, forge: ({ fields: f, key }) => `%${encoded(trueAnswer(f, key))}` },
  { name: 'base64 with bits to spare', refused: /not base64/, forge: () => 'PHgvPh==' },
  { name: 'nothing', refused: /not base64/, forge: () => '' },
  { name: 'XML that is not encoded', refused: /not base64/, forge: ({ fields: f, key }) => trueAnswer(f, key) },
  { name: 'a deflated answer', refused: /not UTF-8|not well-formed/, forge: ({ fields: f, key }) => deflateRawSync(trueAnswer(f, key)).toString('base64') },
  { name: 'UTF-16', refused: /not UTF-8|not well-formed/, forge: ({ fields: f, key }) => Buffer.from(`\ufeff${trueAnswer(f, key)}`, 'utf16le').toString('base64') },
  { name: 'bytes that are not UTF-8', refused: /not UTF-8/, forge: ({ fields: f, key }) => Buffer.concat([Buffer.from(trueAnswer(f, key)), Buffer.from([0xc0, 0x80])]).toString('base64') },
  { name: 'a NUL', refused: /not well-formed/, forge: ({ fields: f, key }) => encoded(`${trueAnswer(f, key)}\0`) },
]

const wrapped: readonly SamlAttack[] = Object.entries(WRAPPINGS).map(([name, forge]) => xml(name, MALFORMED, ({ fields: f, key }) => forge(f, key)))

/** Answers of a provider that must log nobody in. */
export const SAML_ATTACKS: readonly SamlAttack[] = [
  ...signatures, ...wrapped, ...algorithms, ...texts, ...addressing, ...times, ...structure, ...encrypted, ...encodings,
]
