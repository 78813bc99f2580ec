import { ask, request } from '../api/client.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import { findDecision } from './entry-bundles.ts'
import { equal, fromBase64, hashLeaf, rootOf } from './merkle.ts'

export interface Proof {
  readonly checkpoint: Checkpoint
  readonly index: number
  /** The entry, as the ledger has it. */
  readonly entry: string
  readonly hashes: number
}

/** The latest checkpoint, its signature checked here. @param verifier the public key: the gateway's own, or one that the reader brought */
export async function latestCheckpoint(verifier: string): Promise<Checkpoint> {
  return openCheckpoint(await (await request('/ledger/checkpoint')).text(), verifier)
}

export async function ownVerifier(): Promise<string> {
  return (await (await request('/ledger/verifier.pub')).text()).trim()
}

/**
 * Proves that the decision on an operation is in the ledger: hashes of the entry and the proof give the root that the
 * checkpoint signs.
 * @throws Error that says which step failed
 */
export async function proveOperation(session: string, number: number, verifier: string): Promise<Proof> {
  const checkpoint = await latestCheckpoint(verifier)
  const found = await findDecision(session, number, checkpoint.size)
  if (found === undefined) throw new Error('it is not among the newest entries that the checkpoint covers; `sallyport audit prove` looks through all')
  const { hashes } = await ask<{ hashes: string[] }>(`/ledger/proof/inclusion?index=${found.index}&size=${checkpoint.size}`)
  const root = await rootOf(await hashLeaf(found.entry), found.index, checkpoint.size, hashes.map(fromBase64))
  if (!equal(root, checkpoint.root)) throw new Error('the hashes do not lead to the root that the checkpoint signs: the ledger was changed')
  return { checkpoint, index: found.index, entry: new TextDecoder().decode(found.entry), hashes: hashes.length }
}
