import type { Refusal } from '../../governance/decision.ts'

/** As shells say that a command was found and may not be run. */
const NOT_PERMITTED = 126
/** EX_TEMPFAIL of sysexits.h: the same may be sent again later. */
const TRY_AGAIN = 75

const VERBS: Record<Refusal['kind'], string> = {
  denied: 'refused by rule',
  'review-pending': 'waits for a review by rule',
  cancelled: 'cancelled while it waited for a review by rule',
  'not-recorded': 'refused:',
}

/** A refusal in words: rule, reason, next step. */
export function refusalWords({ kind, rule, message, hint, ticket }: Refusal): string {
  return `${VERBS[kind]} "${rule}": ${message}${ticket === undefined ? '' : ` (ticket ${ticket})`}\n${hint}`
}

/** Exit status of a program that was refused. */
export function refusalStatus({ kind }: Refusal): number {
  return kind === 'denied' || kind === 'cancelled' ? NOT_PERMITTED : TRY_AGAIN
}

/** Lines of the gateway's own for standard error. @param terminal its line breaks move the cursor back only with a CR */
export function gatewayLines(words: string, terminal: boolean): Buffer {
  // What a client named may be in it, and is never to act on a terminal.
  const lines = words.split('\n').map((line) => `sallyport: ${plain(line)}`)
  return Buffer.from(lines.map((line) => line + (terminal ? '\r\n' : '\n')).join(''))
}

/** Words without control characters. */
export function plain(words: string): string {
  return words.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
}
