import type { Refusal } from '../../governance/decision.ts'
import { writeReport } from './wire/report.ts'

const CODES: Record<Refusal['kind'], string> = {
  /** insufficient_privilege */
  denied: '42501',
  'review-needed': '42501',
  /** io_error: a fault of the gateway's, not of the statement's. */
  'not-recorded': '58030',
}

/** A refusal in the client's own protocol: rule, reason, next step. */
export function refusalReport(refusal: Refusal, severity: 'ERROR' | 'FATAL' = 'ERROR'): Buffer {
  const verb = refusal.kind === 'review-needed' ? 'held back for review by rule' : refusal.kind === 'denied' ? 'refused by rule' : 'refused:'
  return writeReport({
    severity,
    code: CODES[refusal.kind],
    message: `${verb} "${refusal.rule}": ${refusal.message}`,
    hint: refusal.hint,
  })
}

/** An error of the gateway's own making, for one message. */
export function errorReport(code: string, text: string, hint: string): Buffer {
  return writeReport({ severity: 'ERROR', code, message: text, hint })
}
