import { join } from 'node:path'

/**
 * Where a ledger keeps what, under its directory:
 *
 *     checkpoint            latest checkpoint, a C2SP signed note (the path that tlog-tiles gives it)
 *     checkpoints           every checkpoint ever signed, in order, one empty line after each
 *     verifier.pub          the public key, as a signed-note verifier key
 *     signing.key           the Ed25519 private key, PKCS#8 PEM, mode 0600 (unless kept elsewhere)
 *     journal/00000000      entries 0 … 65,535, each behind its length as a big-endian uint16
 *     hashes/00000000       their leaf hashes, 32 bytes each
 *     roots/00000000        the roots of each 256 of these, 32 bytes each
 *     frontier              the tree at the start of the newest journal file, so that opening reads one file only
 *     lock                  held by the one process that may write
 *
 * A journal file is 256 entry bundles of tlog-tiles laid end to end, a hash file 256 level-0 tiles, and a file of roots
 * one level-1 tile: serving those cuts them out of these files and changes nothing on disk.
 */
export const FILE_ENTRIES = 65_536
export const HASH_BYTES = 32
/** Big-endian uint16 in front of each entry. */
export const PREFIX_BYTES = 2
/** Entries of a bundle, and hashes of a tile. */
export const TILE_WIDTH = 256
/** log2 of {@link TILE_WIDTH}. */
export const TILE_HEIGHT = 8
/** log2 of {@link FILE_ENTRIES}: a full file is one node of this level. */
export const FILE_LEVEL = 16

export const journalFolder = (directory: string): string => join(directory, 'journal')
export const hashFolder = (directory: string): string => join(directory, 'hashes')

export const rootFolder = (directory: string): string => join(directory, 'roots')

export function fileName(file: number): string {
  return String(file).padStart(8, '0')
}

export function journalPath(directory: string, file: number): string {
  return join(journalFolder(directory), fileName(file))
}

export function hashPath(directory: string, file: number): string {
  return join(hashFolder(directory), fileName(file))
}

export function rootPath(directory: string, file: number): string {
  return join(rootFolder(directory), fileName(file))
}

export const checkpointPath = (directory: string): string => join(directory, 'checkpoint')
export const historyPath = (directory: string): string => join(directory, 'checkpoints')
export const frontierPath = (directory: string): string => join(directory, 'frontier')
export const verifierPath = (directory: string): string => join(directory, 'verifier.pub')
export const signingKeyPath = (directory: string): string => join(directory, 'signing.key')
export const lockPath = (directory: string): string => join(directory, 'lock')
