/** Names of saml-core-2.0-os, saml-bindings-2.0-os, xmldsig-core1 and xmlenc-core1 that are taken here; all others are refused. */
export const NS = {
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
  encryption: 'http://www.w3.org/2001/04/xmlenc#',
} as const

export const STATUS_SUCCESS = 'urn:oasis:names:tc:SAML:2.0:status:Success'
export const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer'
export const FORMAT_ENTITY = 'urn:oasis:names:tc:SAML:2.0:nameid-format:entity'
export const FORMAT_TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient'

/** No SHA-1, no MD5, and no HMAC, whose key would be the public key. */
export const SIGNATURE_METHODS: readonly string[] = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]
export const DIGEST_METHODS: readonly string[] = [
  'http://www.w3.org/2001/04/xmlenc#sha256',
  'http://www.w3.org/2001/04/xmlenc#sha512',
]
export const EXCLUSIVE_C14N = 'http://www.w3.org/2001/10/xml-exc-c14n#'
/** saml-core §5.4.4 allows no other transforms. */
export const TRANSFORMS: readonly string[] = ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', EXCLUSIVE_C14N]

/** Authenticated ciphers alone: CBC can be altered unseen, and whoever tells good padding from bad decrypts it (Jager, Somorovsky 2011). */
export const CIPHERS: Readonly<Record<string, { readonly name: 'aes-128-gcm' | 'aes-256-gcm'; readonly keyBytes: number }>> = {
  'http://www.w3.org/2009/xmlenc11#aes128-gcm': { name: 'aes-128-gcm', keyBytes: 16 },
  'http://www.w3.org/2009/xmlenc11#aes256-gcm': { name: 'aes-256-gcm', keyBytes: 32 },
}
/** RSA-OAEP as xmlenc 1.0 has it. Its SHA-1 is no signature's: OAEP does not rest on collisions being hard. Never RSA 1.5. */
export const KEY_TRANSPORT = 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p'
export const OAEP_DIGEST = 'http://www.w3.org/2000/09/xmldsig#sha1'
