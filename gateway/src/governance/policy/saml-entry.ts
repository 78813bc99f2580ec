/** A SAML 2.0 identity provider whose assertions log people in. */
export interface SamlEntry {
  readonly name: string
  /** The provider's entity ID, as `Issuer` of its assertions has it. */
  readonly issuer: string
  /** Where the provider takes AuthnRequests by HTTP redirect: an https URL, http on loopback. */
  readonly signOn: string
  /** Our entity ID, as agreed with the provider: the audience of its assertions. */
  readonly audience: string
  /** Certificates whose keys sign assertions, each PEM or the reference to a file; several while the provider changes its key. */
  readonly certificates: readonly string[]
  /** Our own key: signs requests, opens encrypted assertions. */
  readonly own?: {
    /** Reference to a private key, PEM. */
    readonly key: string
    /** Its certificate, PEM or the reference to a file, for the provider. */
    readonly certificate: string
  }
  /** Attribute that lists groups. */
  readonly groups: string
  /** Attribute that names a person; `sub` is the NameID. */
  readonly person: string
  /** More attributes that rules may use. */
  readonly claims?: readonly string[]
}
