import { oneLine } from '../terminal/plain-text.ts'
import type { Kept } from './login-store.ts'

/** Words for a login that is kept in a file. */
export function fileWarning({ file, noKeyring }: Kept): string {
  const why = noKeyring === undefined ? '' : ` No keyring of the operating system can be used (${noKeyring}).`
  return `Warning: the login is kept in ${oneLine(file)}, which only you can read, but so can anything that runs as you.${why}\n`
}
