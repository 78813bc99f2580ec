import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { CertificateAuthorities } from './governance/certificates/certificate-authorities.ts'
import type { Vault } from './vault/vault.ts'

/** A secret of the gateway's own, made at the first start of the first gateway that shares the vault. */
export async function ownSecret(vault: Vault, name: string, make: () => string): Promise<string> {
  const known = await vault.list()
  if (!known.includes(name)) await vault.sealNew(name, make())
  return (await vault.reveal(name)).expose()
}

/** The keys with which this installation vouches; in files they never are. */
export async function ownAuthorities(vault: Vault): Promise<CertificateAuthorities> {
  const key = async (name: string): Promise<KeyObject> => createPrivateKey(await ownSecret(vault, name, newKey))
  return {
    hostKey: await key('gateway.host-key'),
    host: await key('gateway.host-authority'),
    login: await key('gateway.login-authority'),
    target: await key('gateway.target-authority'),
  }
}

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}
