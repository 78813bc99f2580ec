import type { ApiServices } from './api-services.ts'

/** After which this gateway knows of a lock that another one told of. */
const SETTLED_MS = 300

/**
 * Asks again whether an answer that goes on may do so: now and then, for tokens expire and roles change, and soon after
 * somebody was locked or a token revoked.
 * @param check rejects when it may not @param stop called then @returns how to end asking
 */
export function checkAgain({ signals }: Pick<ApiServices, 'signals'>, everyMs: number, check: () => Promise<unknown>, stop: () => void): () => void {
  const ask = () => void check().catch(stop)
  const timer = setInterval(ask, everyMs).unref()
  let soon: NodeJS.Timeout | undefined
  const askSoon = () => { soon ??= setTimeout(() => { soon = undefined; ask() }, SETTLED_MS).unref() }
  const forget = [signals.onChange(({ what }) => (what === 'lock' || what === 'token') && askSoon()), signals.onGap(askSoon)]
  return () => {
    clearInterval(timer)
    clearTimeout(soon)
    for (const one of forget) one()
  }
}
