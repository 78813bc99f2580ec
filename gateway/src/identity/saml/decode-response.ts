import { malformed, MAX_XML_CHARACTERS } from './strict-xml.ts'

/** Bytes: characters of XML are mostly of one. */
const MAX_BYTES = MAX_XML_CHARACTERS
/** Four characters for three bytes, and line ends. */
export const MAX_ENCODED_CHARACTERS = Math.ceil(MAX_BYTES / 3) * 4 + 8 * 1_024

/**
 * Takes SAMLResponse out of its base64 (saml-bindings §3.5.4): the whole alphabet and nothing else, so that no two readers
 * see different bytes.
 *
 * @throws AuthenticationError
 */
export function decodeResponse(encoded: string): string {
  if (encoded.length > MAX_ENCODED_CHARACTERS) throw malformed(`it is longer than ${MAX_ENCODED_CHARACTERS} characters`)
  const text = encoded.replaceAll(/[\r\n\t ]/g, '')
  const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0 ? Buffer.from(text, 'base64') : undefined
  // A last character with bits to spare could be written in several ways.
  if (bytes?.toString('base64') !== text) throw malformed('it is not base64')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('it is not UTF-8')
  }
}
