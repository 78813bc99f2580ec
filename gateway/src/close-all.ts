/**
 * Closes one after the other, the last that was opened first. What cannot be closed keeps nothing else open.
 * @throws what failed first
 */
export async function closeAll(opened: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = []
  for (const close of opened.toReversed()) {
    try {
      await close()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
