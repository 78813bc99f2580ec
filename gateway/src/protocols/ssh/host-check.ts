import { MalformedFrameError } from '../../bytes/byte-reader.ts'
import type { SshTarget } from './target.ts'
import type { ClientRole } from './transport/roles.ts'
import { certificateFault } from './wire/certificate-fault.ts'
import { fingerprintOf, readPublicKeyLine } from './wire/public-key.ts'
import { signatureAlgorithmsFor } from './wire/signature.ts'

/** How a target is recognised, and why it was not. */
export interface HostCheck extends Pick<ClientRole, 'verifyHost' | 'hostKeyAlgorithms'> {
  readonly refused: () => string | undefined
}

/** A host is the target when it holds one of the pinned keys, or a certificate of one of the authorities for its name. */
export function hostCheck({ host, hostKeys = [], hostAuthorities = [] }: Pick<SshTarget, 'host' | 'hostKeys' | 'hostAuthorities'>): HostCheck {
  const fingerprints = hostKeys.filter((key) => key.startsWith('SHA256:'))
  const pinned = hostKeys.filter((key) => !key.startsWith('SHA256:')).map(readPublicKeyLine)
  const authorities = hostAuthorities.map(readPublicKeyLine)
  let refused: string | undefined
  const types = pinned.flatMap(({ type }) => signatureAlgorithmsFor(type))
  return {
    // With pinned keys alone, a host that has several is to show one of those.
    ...(fingerprints.length === 0 && authorities.length === 0 && { hostKeyAlgorithms: [...new Set(types)] }),
    refused: () => refused,
    async verifyHost({ key, certificate }) {
      if (pinned.some(({ blob }) => blob.equals(key.blob)) || fingerprints.includes(fingerprintOf(key.blob))) return
      const fault = certificate === undefined ? undefined
        : certificateFault(certificate, { kind: 'host', authorities, principal: host, now: Date.now() / 1000 })
      if (certificate !== undefined && fault === undefined) return
      refused = fault ?? `its host key is ${fingerprintOf(key.blob)}, which the policy does not name`
      throw new MalformedFrameError(refused)
    },
  }
}
