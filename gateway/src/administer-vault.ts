import { createPrivateKey } from 'node:crypto'
import { parse } from 'yaml'
import { parseSecretReference } from './governance/policy/secret-reference.ts'
import { openState, readConfig, type State } from './open-state.ts'
import { isOwnSecret, ownSecrets } from './own-secrets.ts'
import { privateKeyOf } from './protocols/ssh/wire/private-key.ts'
import { publicKeyLine } from './protocols/ssh/wire/public-key.ts'
import { SecretError } from './vault/secret.ts'
import type { VaultEntry } from './vault/vault.ts'

/** A secret in the vault, without its value. */
export interface ListedSecret extends VaultEntry {
  /** Whether the gateway made it for itself. */
  readonly own: boolean
}

/**
 * Puts a secret into the vault of a gateway, which may be running.
 * @throws ConfigurationError, SecretError
 */
export async function sealSecret(configText: string, name: string, secret: string): Promise<void> {
  await withState(configText, ({ vault }) => vault.seal(notOwn(name, 'new ones are made by `sallyport vault renew`'), secret))
}

/** What is in the vault, by name. @throws ConfigurationError, SecretError */
export async function listSecrets(configText: string): Promise<readonly ListedSecret[]> {
  return withState(configText, async ({ vault }) => (await vault.inspect()).map((entry) => ({ ...entry, own: isOwnSecret(entry.name) })))
}

/**
 * Takes a secret out of the vault, unless something refers to it: the document, or the policy in force.
 * @throws ConfigurationError, SecretError
 */
export async function removeSecret(configText: string, name: string): Promise<void> {
  await withState(configText, async ({ vault, storage }) => {
    notOwn(name, 'a gateway that starts makes what is missing anew')
    if (!(await vault.list()).includes(name)) throw new SecretError(`there is no secret "${name}" in the vault`)
    if (refersTo(parse(configText), name)) throw new SecretError(`the document refers to vault:${name}: change that and apply it first`)
    const inForce = await storage.policyVersions.newest()
    if (inForce !== undefined && refersTo(parse(inForce.text), name)) {
      throw new SecretError(`the policy in force, version ${inForce.version}, refers to vault:${name}: apply one that does not first`)
    }
    await vault.delete(name)
  })
}

/**
 * Makes a key of the gateway's own anew. Gateways use it from their next start.
 * @returns the new public key as OpenSSH writes it, where it has one
 * @throws ConfigurationError, SecretError
 */
export async function renewSecret(configText: string, name: string): Promise<string | undefined> {
  const own = ownSecrets.get(name)
  if (own === undefined) throw new SecretError(`this is no key that the gateway makes for itself; those are ${[...ownSecrets.keys()].join(', ')}`)
  return withState(configText, async ({ vault }) => {
    const secret = own.make()
    await vault.seal(name, secret)
    return own.isKeyPair ? publicKeyLine(privateKeyOf(createPrivateKey(secret)).publicKey.blob) : undefined
  })
}

async function withState<Result>(configText: string, work: (state: State) => Promise<Result>): Promise<Result> {
  const state = await openState(readConfig(configText), () => undefined)
  try {
    return await work(state)
  } finally {
    await state.storage.close()
  }
}

/** What the gateway made for itself would be lost with whatever it vouched for. */
function notOwn(name: string, instead: string): string {
  if (isOwnSecret(name)) throw new SecretError(`names that begin with "gateway." are the gateway's own: ${instead}`)
  return name
}

function refersTo(node: unknown, name: string): boolean {
  if (typeof node === 'string') {
    const reference = parseSecretReference(node)
    return reference?.kind === 'vault' && reference.name === name
  }
  return typeof node === 'object' && node !== null && Object.values(node).some((part) => refersTo(part, name))
}
