import type { SamlEntry } from '../../governance/policy/saml-entry.ts'
import { childrenOf, malformed, type XmlElement } from './strict-xml.ts'
import { NS } from './saml-names.ts'

const MAX_VALUES = 1_000
const MAX_CHARACTERS = 1_000

/**
 * The attributes that the entry names, and no other: what an identity provider calls `act` or `azp` is not what a token
 * means by it. One value is a text, more are a list.
 *
 * @throws AuthenticationError when a named attribute is there twice or is not plain text
 */
export function readAttributes(assertion: XmlElement, entry: SamlEntry): Record<string, unknown> {
  const wanted = new Set([entry.person, entry.groups, ...(entry.claims ?? [])])
  const claims = new Map<string, unknown>()
  const attributes = childrenOf(assertion, NS.assertion, 'AttributeStatement').flatMap((statement) => statement.children)
  for (const attribute of attributes) {
    const name = attribute.attributes.get('Name')
    if (attribute.namespace !== NS.assertion || attribute.name !== 'Attribute' || name === undefined) throw malformed('it holds attributes that are not taken here')
    if (!wanted.has(name)) continue
    if (claims.has(name)) throw malformed('an attribute is given twice')
    const values = valuesOf(attribute)
    if (values.length === 0) continue
    claims.set(name, values.length === 1 && name !== entry.groups ? values[0] : values)
  }
  return Object.fromEntries(claims)
}

function valuesOf(attribute: XmlElement): readonly string[] {
  if (attribute.children.length > MAX_VALUES) throw malformed(`an attribute has more than ${MAX_VALUES} values`)
  return attribute.children.map((value) => {
    const isText = value.namespace === NS.assertion && value.name === 'AttributeValue' && value.children.length === 0
    if (!isText || value.text.length > MAX_CHARACTERS) throw malformed('the value of an attribute is not plain text, or too long')
    return value.text
  })
}
