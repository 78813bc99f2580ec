import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { CertificateAuthorities } from './governance/certificates/certificate-authorities.ts'
import { OWN_SECRETS } from './vault/resolve-secret.ts'
import type { Vault } from './vault/vault.ts'

interface OwnSecret {
  readonly make: () => string
  /** A private key, in PEM; else random bytes in base64. */
  readonly isKeyPair: boolean
}

const keyPair: OwnSecret = { make: newKey, isKeyPair: true }

/** What each installation makes for itself in the vault, at the first start of the first gateway that shares it. */
export const ownSecrets: ReadonlyMap<string, OwnSecret> = new Map([
  [`${OWN_SECRETS}mask-key`, { make: () => randomBytes(32).toString('base64'), isKeyPair: false }],
  ...['host-key', 'host-authority', 'login-authority', 'target-authority'].map((name) => [OWN_SECRETS + name, keyPair] as const),
])

export function isOwnSecret(name: string): boolean {
  return name.startsWith(OWN_SECRETS)
}

/** The key of masks by `hash`. */
export async function ownMaskKey(vault: Vault): Promise<Buffer> {
  return Buffer.from(await ownSecret(vault, 'mask-key'), 'base64')
}

/** The keys with which this installation vouches; in files they never are. */
export async function ownAuthorities(vault: Vault): Promise<CertificateAuthorities> {
  const key = async (name: string): Promise<KeyObject> => createPrivateKey(await ownSecret(vault, name))
  return {
    hostKey: await key('host-key'),
    host: await key('host-authority'),
    login: await key('login-authority'),
    target: await key('target-authority'),
  }
}

async function ownSecret(vault: Vault, short: string): Promise<string> {
  const name = OWN_SECRETS + short
  const known = await vault.list()
  if (!known.includes(name)) await vault.sealNew(name, ownSecrets.get(name)?.make() ?? '')
  return (await vault.reveal(name)).expose()
}

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
