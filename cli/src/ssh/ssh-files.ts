import { link, rm } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import type { ApiClient } from '../api-client.ts'
import { readPrivateFile, writePrivateFile } from '../login/private-file.ts'
import { makeKeyPair } from './key-pair.ts'

/** Files of one target in a private folder. */
export interface SshFiles {
  readonly identity: string
  readonly certificate: string
  readonly knownHosts: string
}

/** How long a certificate must last to be used for another connection. */
const ENOUGH_MS = 60_000

const Note = z.object({ expiresAt: z.iso.datetime(), holder: z.string() })

export function sshFiles(folder: string, target: string): SshFiles {
  return { identity: join(folder, target), certificate: join(folder, `${target}-cert.pub`), knownHosts: join(folder, 'known_hosts') }
}

/** Whom to trust as the gateway: its authority; and for clients that know no certificates of hosts, such as paramiko, its key. */
export async function writeKnownHosts(client: ApiClient, { knownHosts }: SshFiles): Promise<void> {
  const { knownHosts: line, hostKey } = await client.sshAuthorities()
  const [, names = ''] = line.split(' ')
  await writePrivateFile(knownHosts, `${line}\n${names} ${hostKey}\n`)
}

/** The certificate at hand is this holder's, and lasts a while. One of another holder is removed: after a logout nobody is to use it. */
export async function isFresh(files: SshFiles, holder: string): Promise<boolean> {
  const note = Note.safeParse(parsed(await readPrivateFile(noteOf(files))))
  if (note.success && note.data.holder !== holder) await rm(files.certificate, { force: true })
  if (!note.success || note.data.holder !== holder || Date.parse(note.data.expiresAt) < Date.now() + ENOUGH_MS) return false
  return await readPrivateFile(files.certificate) !== undefined && await readPrivateFile(files.identity) !== undefined
}

/**
 * Gets a certificate for the key of a target, which is made when there is none.
 * @param holder who it is for, as {@link isFresh} is asked later
 */
export async function renewCertificate(client: ApiClient, target: string, files: SshFiles, holder: string, purpose?: string): Promise<void> {
  const publicKey = await publicKeyOf(files)
  const { certificate, expiresAt } = await client.sshCertificate({ publicKey, targets: [target], ...(purpose !== undefined && { purpose }) })
  await writeKnownHosts(client, files)
  await writePrivateFile(files.certificate, `${certificate}\n`)
  await writePrivateFile(noteOf(files), `${JSON.stringify({ expiresAt, holder })}\n`)
}

/** The key stays: of programs that renew at once, each gets a certificate over the same one. */
async function publicKeyOf({ identity }: SshFiles): Promise<string> {
  const kept = await readPrivateFile(`${identity}.pub`)
  if (kept !== undefined && await readPrivateFile(identity) !== undefined) return kept.trim()
  const draft = `${identity}.${randomBytes(6).toString('hex')}`
  const { privateKey, publicKey } = makeKeyPair('sallyport')
  await writePrivateFile(draft, `${publicKey}\n${privateKey}`)
  try {
    // One of several that come at once makes the key: the others take what it made.
    await link(draft, `${identity}.made`)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(draft, { force: true })
  }
  const [first = '', ...rest] = (await readPrivateFile(`${identity}.made`))?.split('\n') ?? []
  await writePrivateFile(identity, rest.join('\n'))
  await writePrivateFile(`${identity}.pub`, `${first}\n`)
  return first
}

function noteOf({ identity }: SshFiles): string {
  return `${identity}.json`
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
