import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { signingKeyPath } from './layout.ts'
import type { NoteSigner } from './signed-note.ts'

/**
 * The signing key kept in the ledger's directory, made at the first start, readable by its owner only.
 * @param name the log's origin
 */
export function loadOrCreateSigner(directory: string, name: string): NoteSigner {
  const path = signingKeyPath(directory)
  try {
    return { name, privateKey: createPrivateKey(readFileSync(path)) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const { privateKey } = generateKeyPairSync('ed25519')
  const descriptor = openSync(path, 'wx', 0o600)
  try {
    writeSync(descriptor, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  return { name, privateKey }
}
