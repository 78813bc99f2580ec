import { randomBytes } from 'node:crypto'
import { seal, unseal } from '../governance/aead.ts'
import type { RecordingKeys } from '../governance/recording/recording-keys.ts'
import { KEY_BYTES, type MasterKey, type MasterKeys } from './master-key.ts'
import { SecretError } from './secret.ts'
import type { SealedKeyStore } from './vault-store.ts'

export interface RecordingKeyVault extends RecordingKeys {
  /**
   * Puts every key that was sealed under an earlier master key under the current one. Where that key is not at hand,
   * the recording stays unreadable, as it was.
   */
  reseal(): Promise<void>
}

const RESEAL_BATCH = 500

/**
 * Data keys of recordings, 32 bytes each, AES-256-GCM under the master key with the session's id authenticated, as
 * base64. Whoever has the database but not the master key reads nothing; once a key is destroyed, nobody does.
 */
export function openRecordingKeys({ masterKey: { current, earlier }, store }: { readonly masterKey: MasterKeys; readonly store: SealedKeyStore }): RecordingKeyVault {
  const sealKey = (session: string, key: Buffer) => seal(current.bytes, key, authenticated(session, current)).toString('base64')
  const currentId = idOf(current)
  return {
    async create(session) {
      const key = randomBytes(KEY_BYTES)
      await store.add(session, sealKey(session, key), currentId)
      return key
    },
    async reveal(session) {
      const record = await store.get(session)
      if (record === undefined || record.sealed === '') return undefined
      const key = open(session, record.sealed, [current, ...earlier])
      if (key === undefined) throw new SecretError(`the key of session ${session}'s recording does not open: it was changed, or its master key is not at hand`)
      return key
    },
    async destroyedAtMs(session) {
      return (await store.get(session))?.destroyedAtMs ?? undefined
    },
    async reseal() {
      for (let after = ''; ;) {
        const records = await store.sealedUnderOthers(currentId, after, RESEAL_BATCH)
        for (const { session, sealed } of records) {
          const key = open(session, sealed, earlier)
          if (key !== undefined) await store.replace(session, sealed, sealKey(session, key), currentId)
          key?.fill(0)
        }
        const last = records.at(-1)
        if (last === undefined) return
        after = last.session
      }
    },
  }
}

/** Nothing tells which of the keys it was, so each is tried: there are few. */
function open(session: string, sealed: string, keys: readonly MasterKey[]): Buffer | undefined {
  const bytes = Buffer.from(sealed, 'base64')
  for (const key of keys) {
    try {
      return unseal(key.bytes, bytes, authenticated(session, key))
    } catch {
      // Another one's, or changed.
    }
  }
  return undefined
}

function authenticated(session: string, masterKey: MasterKey): Buffer {
  return Buffer.concat([Buffer.from('sallyport recording key 1\0'), masterKey.id, Buffer.from(session)])
}

function idOf(key: MasterKey): string {
  return key.id.toString('hex')
}
