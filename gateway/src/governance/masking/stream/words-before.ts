import type { Scan } from './scan.ts'

/** How far before a value its name may stand, in bytes. */
const REACH = 24

/** Which of the words, lower case, stands shortly before a place, on the same line. */
export function wordBefore(scan: Scan, place: number, words: readonly string[]): string | undefined {
  const reach = scan.slice(place - REACH, place).toLowerCase()
  const before = reach.slice(reach.lastIndexOf('\n') + 1)
  return words.find((word) => before.includes(word))
}
