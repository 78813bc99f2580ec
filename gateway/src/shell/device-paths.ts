/** What paths under /dev mean to whoever writes to them. */

/** Writing there changes nothing. */
export function isHarmlessOutput(path: string): boolean {
  return HARMLESS.has(path) || (path.startsWith('/dev/fd/') && !path.includes('..')) || (path.startsWith('/proc/self/fd/') && !path.includes('..'))
}

/** A disk, a partition, memory: whatever else is under /dev. */
export function isDevice(path: string): boolean {
  return path.startsWith('/dev/') && !isHarmlessOutput(path) && !path.startsWith('/dev/shm/') && !path.startsWith('/dev/pts/')
}

const HARMLESS: ReadonlySet<string> = new Set(['/dev/null', '/dev/zero', '/dev/full', '/dev/stdout', '/dev/stderr', '/dev/stdin', '/dev/tty'])
