import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits until `condition` holds. How long it may take matters only when something hangs: a loaded machine is slow.
 * @throws Error naming `what` when it does not within `timeoutMs`
 */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await sleep(25)
  }
}
