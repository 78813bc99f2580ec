import { AuthenticationError } from '../../governance/identity.ts'
import { readAttributes } from './read-attributes.ts'
import { type Expected, unsolicited } from './check-response.ts'
import { BEARER, FORMAT_ENTITY, FORMAT_TRANSIENT, NS } from './saml-names.ts'
import { childrenOf, is, malformed, type XmlElement } from './strict-xml.ts'

/** Clocks of the provider and of this machine may differ by this. */
export const CLOCK_SKEW_MS = 60_000
/** Longest time for which an assertion may be used to log in; used ones are kept for as long. */
const MAX_VALID_MS = 24 * 3_600_000

export interface ReadAssertion {
  readonly id: string
  readonly claims: Readonly<Record<string, unknown>>
  /** Unix milliseconds from which nobody takes it any more. */
  readonly usableUntilMs: number
  /** When the provider wants the login to end (SessionNotOnOrAfter), Unix milliseconds. */
  readonly loginEndsAtMs?: number
}

/**
 * Reads an assertion whose signature holds (saml-core §2, and saml-profiles §4.1.4.3 for what a service provider must
 * check). What is not said is not taken for granted: audience, recipient, end and request must all be there.
 *
 * @throws AuthenticationError
 */
export function readAssertion(assertion: XmlElement, expected: Expected, nowMs: number): ReadAssertion {
  const { entry } = expected
  if (!is(assertion, NS.assertion, 'Assertion') || assertion.attributes.get('Version') !== '2.0') throw malformed('it holds no assertion of SAML 2.0')
  const parts = new Set(['Issuer', 'Signature', 'Subject', 'Conditions', 'AuthnStatement', 'AttributeStatement'])
  if (assertion.children.some(({ name }) => !parts.has(name))) throw malformed('the assertion holds an element that is not taken here')
  const issuer = only(assertion, 'Issuer')
  if (issuer.text !== entry.issuer || (issuer.attributes.get('Format') ?? FORMAT_ENTITY) !== FORMAT_ENTITY) {
    throw new AuthenticationError('the assertion is of another issuer than was asked', 'Have the operator compare "issuer" with the provider\'s entity ID.')
  }
  const subject = only(assertion, 'Subject')
  const nameId = readNameId(subject)
  const endsAtMs = checkConfirmation(subject, expected, nowMs)
  checkConditions(only(assertion, 'Conditions'), entry.audience, nowMs)
  const loginEndsAtMs = checkAuthentication(assertion, nowMs)
  return {
    id: assertion.attributes.get('ID') ?? '',
    claims: { ...readAttributes(assertion, entry), iss: entry.issuer, aud: entry.audience, sub: nameId },
    usableUntilMs: endsAtMs + CLOCK_SKEW_MS,
    ...(loginEndsAtMs === undefined ? {} : { loginEndsAtMs }),
  }
}

function readNameId(subject: XmlElement): string {
  const nameId = only(subject, 'NameID')
  if (subject.children.some(({ name }) => name !== 'NameID' && name !== 'SubjectConfirmation')) throw malformed('its subject holds an element that is not taken here')
  if (nameId.children.length > 0) throw malformed('its NameID is not plain text')
  if (nameId.attributes.get('Format') === FORMAT_TRANSIENT) {
    throw new AuthenticationError('the NameID is transient: another at each login', 'Have the provider send a persistent NameID, or the address of the person.')
  }
  if (!isPlain(nameId.text)) throw malformed('its NameID is empty, too long, or not plain text')
  return nameId.text
}

/** @returns when the assertion ends for us, Unix milliseconds */
function checkConfirmation(subject: XmlElement, { acsUrl, requestId }: Expected, nowMs: number): number {
  const [confirmation, ...more] = childrenOf(subject, NS.assertion, 'SubjectConfirmation').filter((one) => one.attributes.get('Method') === BEARER)
  if (confirmation === undefined || more.length > 0) throw malformed('its subject is not confirmed by one bearer confirmation')
  const { attributes } = only(confirmation, 'SubjectConfirmationData')
  if (attributes.get('Recipient') !== acsUrl) {
    throw new AuthenticationError('the assertion is meant for another address (Recipient)', `Have the provider send answers to ${acsUrl}.`)
  }
  const inResponseTo = attributes.get('InResponseTo')
  if (inResponseTo === undefined) throw unsolicited()
  if (inResponseTo !== requestId) throw new AuthenticationError('the assertion is for another login than this browser began', 'Begin the login here again.')
  if (!attributes.has('NotOnOrAfter')) throw malformed('its subject confirmation has no end')
  const endsAtMs = checkTimes(attributes, nowMs)
  if (endsAtMs > nowMs + MAX_VALID_MS) throw new AuthenticationError('the assertion may be used for longer than a day', 'Have the provider issue assertions for some minutes.')
  return endsAtMs
}

function checkConditions(conditions: XmlElement, audience: string, nowMs: number): void {
  const known = new Set(['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'])
  // saml-core §2.5.1: a condition that is not understood makes the assertion's validity unknown.
  if (conditions.children.some(({ name, namespace }) => namespace !== NS.assertion || !known.has(name))) throw malformed('it has a condition that is not understood here')
  checkTimes(conditions.attributes, nowMs)
  const restrictions = childrenOf(conditions, NS.assertion, 'AudienceRestriction')
  const meant = restrictions.every((restriction) => childrenOf(restriction, NS.assertion, 'Audience').some(({ text }) => text === audience))
  if (restrictions.length === 0 || !meant) {
    throw new AuthenticationError('the assertion is meant for another audience', 'Have the operator compare "audience" with the entity ID that the provider knows us by.')
  }
}

/** @returns the earliest end that the provider sets, if any */
function checkAuthentication(assertion: XmlElement, nowMs: number): number | undefined {
  const statements = childrenOf(assertion, NS.assertion, 'AuthnStatement')
  if (statements.length === 0) throw malformed('it does not say that the person logged in')
  const ends = statements.flatMap(({ attributes }) => {
    const end = attributes.get('SessionNotOnOrAfter')
    return end === undefined ? [] : [instant(end)]
  })
  if (ends.length === 0) return undefined
  const endsAtMs = Math.min(...ends)
  if (endsAtMs + CLOCK_SKEW_MS <= nowMs) throw new AuthenticationError('the login at the provider has ended', 'Log in again.')
  return endsAtMs
}

/** @returns NotOnOrAfter, infinity when absent */
function checkTimes(attributes: ReadonlyMap<string, string>, nowMs: number): number {
  const [from, until] = [attributes.get('NotBefore'), attributes.get('NotOnOrAfter')]
  if (from !== undefined && instant(from) > nowMs + CLOCK_SKEW_MS) {
    throw new AuthenticationError('the assertion is not valid yet', 'Have the operator compare the clocks of this machine and of the provider.')
  }
  const endsAtMs = until === undefined ? Number.POSITIVE_INFINITY : instant(until)
  if (endsAtMs + CLOCK_SKEW_MS <= nowMs) {
    throw new AuthenticationError('the assertion has expired', 'Log in again; if it lasts, have the operator compare the clocks of this machine and of the provider.')
  }
  return endsAtMs
}

/** saml-core §1.3.3: UTC, without another zone. */
function instant(text: string): number {
  const atMs = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/.test(text) ? Date.parse(text.replace(/(\.\d{3})\d+Z$/, '$1Z')) : Number.NaN
  if (Number.isNaN(atMs)) throw malformed('a time in it is not one')
  return atMs
}

function only(parent: XmlElement, name: string): XmlElement {
  const [found, ...more] = parent.children.filter((child) => child.name === name)
  if (!is(found, NS.assertion, name) || more.length > 0) throw malformed(`it does not hold one ${name} in its place`)
  return found
}

/** NameIDs stand in logs and messages. */
function isPlain(text: string): boolean {
  return text.length > 0 && text.length <= 253 && text.trim() === text && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)
}
