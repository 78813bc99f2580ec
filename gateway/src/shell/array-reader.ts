import type { Word } from 'unbash'
import { isDigits } from './characters.ts'
import type { Walk } from './walk.ts'

/** An element of an array as it is written: `(a [3]=b)`. @param byName the keys of the array are texts, not arithmetic */
export function readElement(walk: Walk, element: Word, byName: boolean): void {
  walk.word(element)
  if (!element.text.startsWith('[') || !element.text.includes('=')) return
  const index = element.text.slice(1, element.text.indexOf(']'))
  // The index is arithmetic, and its text evaluated again, however it is quoted.
  if (!isDigits(index) && !byName) walk.findings.unknownFor('an index of an array that need not be a number can run commands')
}
