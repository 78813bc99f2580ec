import type { Decision, Refusal } from './decision.ts'
import type { Exchange, Outcome } from './exchange.ts'
import type { Gatekeeper, OpenRequest } from './gatekeeper.ts'
import { issuePermit } from './permit.ts'
import type { CredentialUse } from './recording/event-schema.ts'
import { encodeCredentialUsed, encodeDecided, encodeFinished } from './recording/events.ts'
import type { Ledger } from './recording/ledger.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'

/** The security flow. The order of its steps is written here and nowhere else. */
export class Governor implements Gatekeeper {
  readonly #ledger: Ledger
  readonly #sessions: Sessions

  constructor(ledger: Ledger, sessions: Sessions) {
    this.#ledger = ledger
    this.#sessions = sessions
  }

  open(request: OpenRequest): Promise<Session> {
    return this.#sessions.open(request)
  }

  govern(session: Session, exchange: Exchange): void {
    const operationNumber = ++session.operations
    const { operation } = exchange
    const decision = session.policy.decide(operation.facts)
    try {
      this.#ledger.append(encodeDecided(session, operationNumber, operation, decision, Date.now()))
      this.#ledger.onWritten((error) => settle(session, exchange, operationNumber, decision, error))
    } catch {
      // The ledger takes no more: it is full of what it cannot write, or closed. Told later, as every answer is.
      setImmediate(() => settle(session, exchange, operationNumber, decision, NOT_TAKEN))
    }
  }

  finish(session: Session, operationNumber: number, outcome: Outcome): void {
    // Nothing waits for an outcome: it is written with the next decision, or a moment later.
    try {
      this.#ledger.append(encodeFinished(session, operationNumber, outcome, Date.now()))
    } catch {
      // Its decision is on record; the ledger itself tells of the fault, and no further operation passes.
    }
  }

  credentialUsed(session: Session | undefined, use: CredentialUse): void {
    try {
      this.#ledger.append(encodeCredentialUsed(session?.id, use, Date.now()))
    } catch {
      // It has been used; the ledger itself tells of the fault, and no operation passes until it can write again.
    }
  }

  close(session: Session, reason: string): void {
    this.#sessions.close(session, reason)
  }
}

/** After the decision is on record: the one place where a permit is issued. */
function settle(session: Session, exchange: Exchange, operationNumber: number, decision: Decision, failure: Error | undefined): void {
  const refusal = refusalOf(session, decision, failure)
  if (refusal === undefined) exchange.forward(issuePermit(exchange.operation), operationNumber)
  else {
    session.refused++
    exchange.refuse(refusal)
  }
}

function refusalOf(session: Session, decision: Decision, failure: Error | undefined): Refusal | undefined {
  if (failure !== undefined) return NOT_RECORDED
  if (session.ended !== undefined) return { kind: 'denied', rule: 'session-ended', message: `this session was ended: ${session.ended}`, hint: 'Connect again with a new token.' }
  if (decision.effect === 'allow') return undefined
  if (decision.effect === 'review') {
    return {
      kind: 'denied',
      rule: decision.rule,
      message: decision.message ?? 'a person must approve this before it runs',
      hint: 'This gateway has no reviewers connected yet, so it was not run. Ask a person to run it, or send a statement that the rules allow.',
    }
  }
  return { kind: 'denied', rule: decision.rule, message: decision.message ?? 'the policy does not allow this', hint: decision.hint ?? 'Send a statement that the rules allow.' }
}

const NOT_TAKEN = new Error('the ledger takes no entries')

const NOT_RECORDED: Refusal = {
  kind: 'not-recorded',
  rule: 'ledger-unavailable',
  message: 'the gateway cannot record what it decides, so nothing is passed on',
  hint: 'Nothing was run. Try again later, and tell an operator that the ledger cannot be written.',
}
