import { readdirSync, readFileSync } from 'node:fs'

/** Whether a program with exactly these words runs on this machine. */
export function isRunning(words: string): boolean {
  return readdirSync('/proc').some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'latin1') === `${words.replaceAll(' ', '\0')}\0`
    } catch {
      // It has just ended.
      return false
    }
  })
}
