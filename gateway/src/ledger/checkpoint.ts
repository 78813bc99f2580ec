import type { HashString } from './merkle-tree.ts'
import { openNote, signNote, type NoteSigner, type NoteVerifier } from './signed-note.ts'

/** A tree head, after C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint). The origin is the key's name. */
export interface Checkpoint {
  /** Entries in the tree. */
  readonly size: number
  readonly root: HashString
  /** The signed note, byte for byte. */
  readonly note: string
}

export function signCheckpoint(size: number, root: HashString, signer: NoteSigner): Checkpoint {
  const text = `${signer.name}\n${size}\n${Buffer.from(root, 'latin1').toString('base64')}\n`
  return { size, root, note: signNote(text, signer) }
}

/** @returns the checkpoint, or words for what is wrong with it */
export function openCheckpoint(note: string, verifier: NoteVerifier): Checkpoint | { problem: string } {
  const opened = openNote(note, verifier)
  if ('problem' in opened) return opened
  const [origin, size = '', encoded = ''] = opened.text.split('\n')
  if (origin !== verifier.name) return { problem: 'it belongs to another log' }
  const root = Buffer.from(encoded, 'base64')
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || root.length !== 32 || root.toString('base64') !== encoded) {
    return { problem: 'it is not a checkpoint' }
  }
  return { size: Number(size), root: root.toString('latin1'), note }
}
