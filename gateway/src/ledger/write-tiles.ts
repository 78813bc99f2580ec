import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tilePath, tilesOf } from '@sallyport/contract'
import { verifierPath } from './layout.ts'
import { LogReader } from './log-reader.ts'

/**
 * Copies a ledger into the tree of files that C2SP tlog-tiles serves, up to its latest checkpoint: `checkpoint`,
 * `tile/…`, and beside them `verifier.pub`. Files of an earlier copy are written over.
 * @returns entries copied
 * @throws Error when the ledger has no checkpoint, or does not hold what it covers
 */
export async function writeTiles(ledger: string, verifierKey: string, target: string): Promise<number> {
  const reader = new LogReader(ledger, verifierKey)
  const checkpoint = await reader.checkpoint()
  if (checkpoint === undefined) throw new Error('the ledger has no checkpoint')
  for (const address of tilesOf(checkpoint.size)) {
    const { level, index, width } = address
    const bytes = level === 'entries' ? await reader.entryBundle(index, width) : await reader.hashTile(level, index, width)
    if (bytes === undefined) throw new Error(`the ledger does not hold all that its checkpoint covers: tile/${tilePath(address)} is missing`)
    const path = join(target, 'tile', tilePath(address))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, bytes)
  }
  await mkdir(target, { recursive: true })
  await cp(verifierPath(ledger), join(target, 'verifier.pub'))
  // Last: whoever reads the copy meanwhile finds everything that its checkpoint covers.
  await writeFile(join(target, 'checkpoint'), checkpoint.note)
  return checkpoint.size
}
