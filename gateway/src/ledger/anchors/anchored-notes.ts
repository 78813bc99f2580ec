import { openCheckpoint, type Checkpoint } from '../checkpoint.ts'
import type { NoteVerifier } from '../signed-note.ts'

/**
 * The checkpoints that somebody kept elsewhere, smallest first: one note, or the file of an anchor with all of them. What
 * the key did not sign is left out, as a crash may leave half a signature in an anchor: it takes nothing from the others.
 * @throws Error when none is left
 */
export function knownCheckpoints(text: string | undefined, verifier: NoteVerifier): Checkpoint[] {
  if (text === undefined) return []
  const opened = anchoredNotes(text).map((note) => openCheckpoint(note, verifier))
  const known = opened.flatMap((one) => ('problem' in one ? [] : [one]))
  if (known.length > 0) return known.sort((a, b) => a.size - b.size)
  const problem = opened.flatMap((one) => ('problem' in one ? [one.problem] : []))[0] ?? 'no whole signed note is there'
  throw new Error(`the known checkpoint cannot be used: ${problem}`)
}

/**
 * Every whole signed note in the text of a file anchor, oldest first; what a crash left incomplete is left out. All of
 * them count, not the last alone: whoever rewrites a log can have its gateway add a checkpoint of the new one behind.
 */
export function anchoredNotes(text: string): string[] {
  const paragraphs = text.split(/\n{2,}/).filter((paragraph) => paragraph !== '')
  return paragraphs.flatMap((paragraph, index) => {
    const body = paragraphs[index - 1]
    const isWhole = paragraph.startsWith(SIGNATURE) && body !== undefined && !body.startsWith(SIGNATURE)
    return isWhole ? [`${body}\n\n${paragraph.replace(/\n$/, '')}\n`] : []
  })
}

const SIGNATURE = '— '
