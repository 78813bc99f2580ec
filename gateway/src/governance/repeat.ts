/**
 * Does something again and again, each time so long after the last one has ended; the first time after that, too. Keeps no
 * process alive.
 * @param work never rejects
 * @returns ends it, and resolves once what is under way has ended
 */
export function repeat(everyMs: number, work: () => Promise<void>): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> | undefined
  let ended = false
  const again = (): void => {
    if (ended) return
    timer = setTimeout(() => {
      round = work().then(again)
    }, everyMs).unref()
  }
  again()
  return async () => {
    ended = true
    clearTimeout(timer)
    await round
  }
}
