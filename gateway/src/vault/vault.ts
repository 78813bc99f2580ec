import { SECRET_NAME } from '../governance/policy/secret-reference.ts'
import { takingTurns } from '../governance/taking-turns.ts'
import type { MasterKey, MasterKeys } from './master-key.ts'
import {
  decodeRecord, encodeRecord, MAX_SECRET_BYTES, openRecord, resealRecord, type SealedRecord, sealRecord,
} from './sealed-record.ts'
import { Secret, SecretError } from './secret.ts'
import type { VaultStore } from './vault-store.ts'

export type { VaultStore } from './vault-store.ts'

/** What can be told of a secret without telling it. */
export interface VaultEntry {
  readonly name: string
  /** How often it was sealed under this name; undefined where the record is damaged. */
  readonly version: number | undefined
  /** When the record was last written: with a new secret, or under a new master key. */
  readonly sealedAtMs: number
  /** Which master key opens it; `missing` when it is not at hand, `damaged` when none does. */
  readonly masterKey: 'current' | 'earlier' | 'missing' | 'damaged'
}

/** Target credentials, sealed at rest. */
export interface Vault {
  /** Adds or replaces a secret. @throws SecretError */
  seal(name: string, secret: Secret | string): Promise<void>
  /** Adds a secret, unless there is one of that name. @throws SecretError */
  sealNew(name: string, secret: Secret | string): Promise<void>
  /** @throws SecretError when there is none of that name, or its record was tampered with or swapped */
  reveal(name: string): Promise<Secret>
  list(): Promise<readonly string[]>
  /** All that can be told of each, sorted by name. */
  inspect(): Promise<readonly VaultEntry[]>
  delete(name: string): Promise<void>
  /**
   * Puts every record that was sealed under an earlier master key under the current one. May be run again after an
   * interruption: records done already are passed over. Nothing is lost before the earlier keys are removed from the key file.
   * @returns names of the records that do not open, which stay as they are
   */
  reseal(): Promise<readonly string[]>
}

export interface VaultOptions {
  readonly masterKey: MasterKeys
  readonly store: VaultStore
}

const MAX_VERSION = 0xffff_ffff

export function openVault({ masterKey: { current, earlier }, store }: VaultOptions): Vault {
  /** Changes run one after the other: each reads a record before it writes it. */
  const inTurn = takingTurns()

  const recordOf = async (name: string): Promise<SealedRecord | undefined> => {
    const text = await store.get(checkedName(name))
    if (text === undefined) return undefined
    const record = decodeRecord(text)
    if (record === undefined) throw damaged(name)
    return record
  }

  const keyOf = (name: string, { masterKeyId }: SealedRecord): MasterKey => {
    const key = [current, ...earlier].find(({ id }) => id.equals(masterKeyId))
    if (key === undefined) {
      throw new SecretError(`the secret "${name}" was sealed under a master key that is not at hand`)
    }
    return key
  }

  const openedBy = (name: string, record: SealedRecord): VaultEntry['masterKey'] => {
    const key = [current, ...earlier].find(({ id }) => id.equals(record.masterKeyId))
    if (key === undefined) return 'missing'
    try {
      openRecord(name, record, key)
      return key === current ? 'current' : 'earlier'
    } catch {
      return 'damaged'
    }
  }

  return {
    seal: (name, secret) => inTurn(async () => {
      const text = checkedText(name, secret)
      // A damaged record may be replaced: that is how it is mended.
      const before = decodeRecord((await store.get(checkedName(name))) ?? '')
      const version = before === undefined || before.version >= MAX_VERSION ? 1 : before.version + 1
      await store.put(name, encodeRecord(sealRecord(name, version, text, current)))
    }),
    sealNew: (name, secret) => inTurn(async () => {
      await store.add(checkedName(name), encodeRecord(sealRecord(name, 1, checkedText(name, secret), current)))
    }),
    async reveal(name) {
      const record = await recordOf(name)
      if (record === undefined) throw new SecretError(`there is no secret "${name}" in the vault`)
      const key = keyOf(name, record)
      try {
        return new Secret(openRecord(name, record, key))
      } catch {
        throw damaged(name)
      }
    },
    list: () => store.list(),
    async inspect() {
      const changes = await store.changes()
      const entries: VaultEntry[] = []
      for (const name of [...changes.keys()].toSorted()) {
        const record = decodeRecord((await store.get(name)) ?? '')
        entries.push({ name, version: record?.version, sealedAtMs: changes.get(name) ?? 0, masterKey: record === undefined ? 'damaged' : openedBy(name, record) })
      }
      return entries
    },
    delete: (name) => inTurn(() => store.delete(checkedName(name))),
    reseal: () => inTurn(async () => {
      const closed: string[] = []
      for (const name of await store.list()) {
        const sealed = await store.get(name)
        // Removed meanwhile.
        if (sealed === undefined) continue
        const record = decodeRecord(sealed)
        if (record?.masterKeyId.equals(current.id) === true) continue
        const key = earlier.find(({ id }) => record?.masterKeyId.equals(id) === true)
        const resealed = record && key && resealedUnder(name, record, key, current)
        if (resealed === undefined) closed.push(name)
        // Another process may have put a new secret there since it was read.
        else await store.replace(name, sealed, encodeRecord(resealed))
      }
      return closed
    }),
  }
}

function resealedUnder(name: string, record: SealedRecord, earlier: MasterKey, current: MasterKey): SealedRecord | undefined {
  try {
    return resealRecord(name, record, earlier, current)
  } catch {
    return undefined
  }
}

function checkedName(name: string): string {
  // The name is not repeated: whoever mixes up name and secret would find the secret in a log.
  if (!SECRET_NAME.test(name)) {
    throw new SecretError('a secret\'s name has letters, digits, ".", "_", "/" or "-", at most 128')
  }
  return name
}

function checkedText(name: string, secret: Secret | string): string {
  const text = typeof secret === 'string' ? secret : secret.expose()
  if (text === '') throw new SecretError(`the secret "${checkedName(name)}" is empty`)
  if (Buffer.byteLength(text) > MAX_SECRET_BYTES) {
    throw new SecretError(`the secret "${checkedName(name)}" is larger than ${MAX_SECRET_BYTES} bytes`)
  }
  return text
}

function damaged(name: string): SecretError {
  return new SecretError(`the secret "${name}" does not open: its record was changed or belongs to another name`)
}
