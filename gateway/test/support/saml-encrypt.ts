import { constants, createCipheriv, publicEncrypt, randomBytes } from 'node:crypto'

export interface EncryptOptions {
  readonly cipher?: 'aes-256-gcm' | 'aes-128-gcm' | 'aes-256-cbc'
  readonly transport?: 'oaep' | 'rsa-1_5'
  /** Changes the sealed bytes before they are written. */
  readonly change?: (sealed: Buffer) => Buffer
}

const CIPHER_NAMES = {
  'aes-128-gcm': 'http://www.w3.org/2009/xmlenc11#aes128-gcm', 'aes-256-gcm': 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
  'aes-256-cbc': 'http://www.w3.org/2001/04/xmlenc#aes256-cbc',
}

/** An EncryptedAssertion by hand (xmlenc-core1). @param certificate PEM, of whoever is to read it */
export function encryptAssertion(xml: string, certificate: string, { cipher = 'aes-256-gcm', transport = 'oaep', change }: EncryptOptions = {}): string {
  const key = randomBytes(cipher === 'aes-128-gcm' ? 16 : 32)
  const gcm = cipher !== 'aes-256-cbc'
  const iv = randomBytes(gcm ? 12 : 16)
  const made = cipher === 'aes-256-cbc' ? createCipheriv(cipher, key, iv) : createCipheriv(cipher, key, iv)
  const body = Buffer.concat([made.update(xml, 'utf8'), made.final()])
  const sealed = Buffer.concat([iv, body, ...('getAuthTag' in made && gcm ? [(made as ReturnType<typeof createCipheriv> & { getAuthTag(): Buffer }).getAuthTag()] : [])])
  const padding = transport === 'oaep' ? constants.RSA_PKCS1_OAEP_PADDING : constants.RSA_PKCS1_PADDING
  const wrapped = publicEncrypt({ key: certificate, padding, ...(transport === 'oaep' ? { oaepHash: 'sha1' } : {}) }, key)
  const transportName = transport === 'oaep' ? 'rsa-oaep-mgf1p' : 'rsa-1_5'
  return '<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">'
    + '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" Type="http://www.w3.org/2001/04/xmlenc#Element">'
    + `<xenc:EncryptionMethod Algorithm="${CIPHER_NAMES[cipher]}"/>`
    + '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>'
    + `<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#${transportName}"/>`
    + `<xenc:CipherData><xenc:CipherValue>${wrapped.toString('base64')}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>`
    + `<xenc:CipherData><xenc:CipherValue>${(change?.(sealed) ?? sealed).toString('base64')}</xenc:CipherValue></xenc:CipherData>`
    + '</xenc:EncryptedData></saml:EncryptedAssertion>'
}
