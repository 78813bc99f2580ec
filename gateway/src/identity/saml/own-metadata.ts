import { CIPHERS, KEY_TRANSPORT, NS } from './saml-names.ts'

export interface OwnMetadata {
  readonly entityId: string
  readonly acsUrl: string
  /** PEM; absent: requests are not signed, and assertions cannot be encrypted. */
  readonly certificate?: string
}

/**
 * Our metadata (saml-metadata-2.0-os §2.4.4). node-saml could write it, but names ciphers that are refused here.
 */
export function ownMetadata({ entityId, acsUrl, certificate }: OwnMetadata): string {
  const key = (use: string, methods: readonly string[]) => certificate === undefined ? [] : [
    `    <md:KeyDescriptor use="${use}">`,
    `      <ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '')}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    ...methods.map((method) => `      <md:EncryptionMethod Algorithm="${method}"/>`),
    '    </md:KeyDescriptor>',
  ]
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="${NS.signature}" entityID="${attribute(entityId)}">`,
    `  <md:SPSSODescriptor AuthnRequestsSigned="${certificate !== undefined}" WantAssertionsSigned="true" protocolSupportEnumeration="${NS.protocol}">`,
    ...key('signing', []),
    ...key('encryption', [...Object.keys(CIPHERS), KEY_TRANSPORT]),
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>',
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>',
    `    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${attribute(acsUrl)}" index="0" isDefault="true"/>`,
    '  </md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
    '',
  ].join('\n')
}

function attribute(text: string): string {
  return text.replaceAll(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`)
}
