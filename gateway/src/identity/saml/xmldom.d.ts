/** As much of @xmldom/xmldom as is used. Its own types bring a browser's globals, which would stand in for Node's everywhere. */
export interface Node {
  readonly nodeType: number
  readonly firstChild: Node | null
  readonly nextSibling: Node | null
  readonly textContent: string | null
  readonly ownerDocument: Document
  cloneNode(deep: boolean): Node
}

export interface Element extends Node {
  readonly namespaceURI: string | null
  readonly localName: string
  getAttribute(name: string): string | null
}

export interface Document extends Node {
  readonly documentElement: Element
}

export class DOMParser {
  parseFromString(xml: string, type: 'text/xml'): Document
}
