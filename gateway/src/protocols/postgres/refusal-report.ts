import type { Refusal } from '../../governance/decision.ts'
import { writeReport } from './wire/report.ts'

const CODES: Record<Refusal['kind'], string> = {
  /** insufficient_privilege */
  denied: '42501',
  /** Of the gateway's own: classes from I to Z are left to implementations. */
  'review-pending': 'SPR01',
  /** query_canceled */
  cancelled: '57014',
  /** io_error: a fault of the gateway's, not of the statement's. */
  'not-recorded': '58030',
}

const VERBS: Record<Refusal['kind'], string> = {
  denied: 'refused by rule',
  'review-pending': 'waits for a review by rule',
  cancelled: 'cancelled while it waited for a review by rule',
  'not-recorded': 'refused:',
}

/** A refusal in the client's own protocol: rule, reason, next step. */
export function refusalReport(refusal: Refusal, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  const verb = VERBS[refusal.kind]
  return writeReport({
    severity,
    code: CODES[refusal.kind],
    message: `${verb} "${refusal.rule}": ${refusal.message}`,
    ...(refusal.ticket !== undefined && { detail: `ticket ${refusal.ticket}` }),
    hint: refusal.hint,
  })
}

/** An error of the gateway's own making, for one message. */
export function errorReport(code: string, text: string, hint: string): Buffer {
  return writeReport({ severity: 'ERROR', code, message: text, hint })
}
