import { constants, privateDecrypt } from 'node:crypto'
import { decrypt, NONCE_BYTES } from '../../governance/aead.ts'
import { AuthenticationError } from '../../governance/identity.ts'
import { CIPHERS, KEY_TRANSPORT, NS, OAEP_DIGEST } from './saml-names.ts'
import { everyElement, is, malformed, type XmlElement } from './strict-xml.ts'

/**
 * Opens an EncryptedAssertion (xmlenc-core1 §5.2.4, §5.5.2).
 * ```
 *  EncryptedKey: RSA-OAEP(content key)      EncryptedData: 12 bytes IV | AES-GCM text | 16 bytes tag
 * ```
 * node-saml opens it too, by itself; this one exists because node-saml cannot be told which algorithms to refuse, nor lets
 * what it opened be looked at before it is believed.
 *
 * @param key our private key, PEM
 * @throws AuthenticationError, the same for every way in which it cannot be opened
 */
export function decryptAssertion(encrypted: XmlElement, key: string): string {
  const { cipher, wrapped, sealed } = read(encrypted)
  try {
    const contentKey = privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, wrapped)
    if (contentKey.length !== cipher.keyBytes) throw new Error('wrong length')
    const opened = decrypt(contentKey, sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES), Buffer.alloc(0), cipher.name)
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(opened)
  } catch {
    throw new AuthenticationError('the encrypted assertion cannot be opened', 'Have the operator check that the provider encrypts for the certificate in our metadata.')
  }
}

function read(encrypted: XmlElement) {
  const all = [...everyElement(encrypted)]
  const one = (name: string): XmlElement => {
    const [found, ...more] = all.filter((element) => element.name === name)
    if (found === undefined || more.length > 0) throw wrongForm()
    return found
  }
  const [data, wrappedKey] = [one('EncryptedData'), one('EncryptedKey')]
  if (!encrypted.children.includes(data) || !is(data, NS.encryption, 'EncryptedData') || !is(wrappedKey, NS.encryption, 'EncryptedKey')) throw wrongForm()
  // Two of each, and each in its place: a reader that takes the first it finds takes the right one.
  if (all.filter(({ name }) => name === 'CipherValue').length !== 2 || all.filter(({ name }) => name === 'EncryptionMethod').length !== 2) throw wrongForm()
  const [dataMethod, keyMethod] = [child(data, 'EncryptionMethod'), child(wrappedKey, 'EncryptionMethod')]
  const name = dataMethod.attributes.get('Algorithm') ?? ''
  const cipher = Object.hasOwn(CIPHERS, name) ? CIPHERS[name] : undefined
  const digests = keyMethod.children.filter((element) => element.name === 'DigestMethod')
  const plainOaep = digests.every((digest) => digest.attributes.get('Algorithm') === OAEP_DIGEST) && digests.length <= 1
  if (cipher === undefined || keyMethod.attributes.get('Algorithm') !== KEY_TRANSPORT || !plainOaep || keyMethod.children.length > digests.length) {
    throw new AuthenticationError('the assertion is encrypted with an algorithm that is not accepted here', 'Have the provider encrypt with AES-GCM and RSA-OAEP (MGF1, SHA-1).')
  }
  return { cipher, wrapped: cipherValue(wrappedKey), sealed: cipherValue(data) }
}

function cipherValue(element: XmlElement): Buffer {
  const text = child(child(element, 'CipherData'), 'CipherValue').text.replaceAll(/\s/g, '')
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw wrongForm()
  return Buffer.from(text, 'base64')
}

function child(element: XmlElement, name: string): XmlElement {
  const [found, ...more] = element.children.filter((one) => is(one, NS.encryption, name))
  if (found === undefined || more.length > 0) throw wrongForm()
  return found
}

function wrongForm(): AuthenticationError {
  return malformed('the encrypted assertion has not the form that is accepted here')
}
