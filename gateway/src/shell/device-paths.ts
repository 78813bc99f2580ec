/** What paths under /dev mean to whoever writes to them. */

/** Writing there changes nothing. */
export function isHarmlessOutput(path: string): boolean {
  return HARMLESS.has(path) || isStandardOutput(path)
}

/** Linux opens the file behind it anew, for writing: harmless as long as that is no file that was opened to be read. */
export function isStandardOutput(path: string): boolean {
  return STANDARD_OUTPUT.has(path)
}

/** A disk, a partition, memory: whatever else is under /dev. */
export function isDevice(path: string): boolean {
  return path.startsWith('/dev/') && !isHarmlessOutput(path) && path !== '/dev/stdin' && !path.startsWith('/dev/fd/') && !path.startsWith('/dev/shm/') && !path.startsWith('/dev/pts/')
}

const HARMLESS: ReadonlySet<string> = new Set(['/dev/null', '/dev/zero', '/dev/full', '/dev/tty'])
const STANDARD_OUTPUT: ReadonlySet<string> = new Set(['/dev/stdout', '/dev/stderr', '/dev/fd/1', '/dev/fd/2', '/proc/self/fd/1', '/proc/self/fd/2'])
