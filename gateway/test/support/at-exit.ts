const pending = new Set<() => void>()
let installed = false

/** Runs `cleanUp` (synchronous) when this process ends, also by SIGINT or SIGTERM, unless it was forgotten before. */
export function atExit(cleanUp: () => void): { forget(): void } {
  if (!installed) {
    installed = true
    process.once('exit', () => {
      // The latest first: a server ends before its data go.
      for (const task of [...pending].toReversed()) task()
    })
    process.once('SIGINT', () => process.exit(130))
    process.once('SIGTERM', () => process.exit(143))
  }
  pending.add(cleanUp)
  return { forget: () => void pending.delete(cleanUp) }
}
