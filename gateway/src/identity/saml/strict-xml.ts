import { SaxesParser, type SaxesTagNS } from 'saxes'
import { AuthenticationError } from '../../governance/identity.ts'

/** An element with its namespace resolved. Text is what stands directly in it. */
export interface XmlElement {
  readonly namespace: string
  readonly name: string
  /** By name as written, without namespace declarations. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  readonly text: string
}

export const MAX_XML_CHARACTERS = 192 * 1_024
const MAX_DEPTH = 24
const MAX_ELEMENTS = 2_000
const MAX_ATTRIBUTES = 16

/**
 * Reads XML in the narrow form that SAML needs: no DOCTYPE (so no entities of its own), no comments, CDATA sections or
 * processing instructions. A comment can part a text for one reader that is whole for another and for the signature;
 * what cannot be said in two ways cannot be read in two ways.
 *
 * @throws AuthenticationError without any of the text in it
 */
export function readStrictXml(xml: string): XmlElement {
  if (xml.length > MAX_XML_CHARACTERS) throw malformed(`it is longer than ${MAX_XML_CHARACTERS} characters`)
  // In well-formed XML these begin nothing else, whatever stands around them.
  if (/<!doctype/i.test(xml)) throw malformed('it has a DOCTYPE, which could define entities')
  if (xml.includes('<!')) throw malformed('it has comments or CDATA sections')
  return build(xml)
}

interface Open {
  readonly namespace: string
  readonly name: string
  readonly attributes: Map<string, string>
  readonly children: XmlElement[]
  text: string
}

function build(xml: string): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false, defaultXMLVersion: '1.0', forceXMLVersion: true })
  const open: Open[] = []
  let root: XmlElement | undefined
  let elements = 0
  parser.on('error', () => {
    throw malformed('it is not well-formed')
  })
  parser.on('processinginstruction', () => {
    throw malformed('it has processing instructions')
  })
  parser.on('xmldecl', ({ encoding, version }) => {
    if (version !== '1.0' || (encoding !== undefined && encoding.toLowerCase() !== 'utf-8')) throw malformed('it declares another encoding than UTF-8')
  })
  parser.on('opentag', (tag) => {
    elements += 1
    if (elements > MAX_ELEMENTS) throw malformed(`it has more than ${MAX_ELEMENTS} elements`)
    if (open.length >= MAX_DEPTH) throw malformed(`its elements are nested more than ${MAX_DEPTH} deep`)
    open.push({ namespace: tag.uri, name: tag.local, attributes: attributesOf(tag), children: [], text: '' })
  })
  parser.on('text', (text) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += text
  })
  parser.on('closetag', () => {
    const element = open.pop()
    if (element === undefined) return
    const parent = open.at(-1)
    if (parent === undefined) root = element
    else parent.children.push(element)
  })
  parser.write(xml).close()
  if (root === undefined) throw malformed('it has no element')
  return root
}

function attributesOf(tag: SaxesTagNS): Map<string, string> {
  const all = Object.values(tag.attributes)
  if (all.length > MAX_ATTRIBUTES) throw malformed(`an element has more than ${MAX_ATTRIBUTES} attributes`)
  return new Map(all.filter((one) => one.name !== 'xmlns' && one.prefix !== 'xmlns').map((one) => [one.name, one.value]))
}

/** The element and all below it. */
export function* everyElement(element: XmlElement): Generator<XmlElement> {
  yield element
  for (const child of element.children) yield* everyElement(child)
}

export function is(element: XmlElement | undefined, namespace: string, name: string): element is XmlElement {
  return element?.namespace === namespace && element.name === name
}

export function childrenOf(element: XmlElement, namespace: string, name: string): readonly XmlElement[] {
  return element.children.filter((child) => is(child, namespace, name))
}

export function malformed(why: string): AuthenticationError {
  return new AuthenticationError(`the provider's answer is malformed: ${why}`, 'Log in again; if it lasts, have the operator look at the identity provider.')
}
