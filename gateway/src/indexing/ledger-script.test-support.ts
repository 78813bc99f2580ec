import { randomBytes } from 'node:crypto'
import type { OperationDecided, OperationFinished, RecordedEvent, SessionOpened } from '../governance/recording/event-schema.ts'
import type { Ledger } from '../governance/recording/ledger.ts'

/** Writes what gateways write, at times of its own. */
export class LedgerScript {
  readonly #ledger: Ledger
  nowMs: number

  constructor(ledger: Ledger, nowMs: number) {
    this.#ledger = ledger
    this.nowMs = nowMs
  }

  pass(ms: number): void {
    this.nowMs += ms
  }

  /** Resolves once all that was appended is written. */
  written(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#ledger.onWritten((error) => (error === undefined ? resolve() : reject(error)))
    })
  }

  append(event: RecordedEvent): void {
    this.#ledger.append(JSON.stringify(event))
  }

  session(about: Partial<SessionOpened['identity']> & { id?: string; target?: string; purpose?: string } = {}): ScriptedSession {
    const { id = `${this.nowMs.toString(36)}-${randomBytes(12).toString('base64url')}`, target = 'shop', purpose = 'tests', ...identity } = about
    this.append({
      v: 1, event: 'session.opened', at: this.nowMs, session: id, target, purpose, protocol: 'postgres', tokenId: 't', client: '127.0.0.1', application: 'test',
      policyVersion: 1, identity: { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 's', groups: [], actors: [], ...identity },
    })
    return new ScriptedSession(this, id)
  }
}

export class ScriptedSession {
  readonly #script: LedgerScript
  readonly id: string
  #number = 0

  constructor(script: LedgerScript, id: string) {
    this.#script = script
    this.id = id
  }

  decided(text: string, more: Partial<OperationDecided> = {}): number {
    this.#number += 1
    this.#script.append({
      v: 1, event: 'operation.decided', at: this.#script.nowMs, session: this.id, n: this.#number, text, actions: ['select'], objects: [], readOnly: true,
      decision: 'allow', rule: 'reads', policyVersion: 1, ...more,
    })
    return this.#number
  }

  finished(number: number, more: Partial<OperationFinished> = {}): void {
    this.#script.append({ v: 1, event: 'operation.finished', at: this.#script.nowMs, session: this.id, n: number, result: 'completed', rows: 0, bytes: 10, us: 400, ...more })
  }

  ran(text: string, more: Partial<Pick<OperationDecided, 'actions' | 'objects' | 'rule'> & Pick<OperationFinished, 'result' | 'rows' | 'masked' | 'code'>> = {}): void {
    const { result, rows, masked, code, ...decided } = more
    this.finished(this.decided(text, decided), { ...(result && { result }), ...(rows !== undefined && { rows }), ...(masked !== undefined && { masked }), ...(code !== undefined && { code }) })
  }

  refused(text: string, more: Partial<OperationDecided> = {}): void {
    this.decided(text, { decision: 'deny', ...more })
  }

  closed(): void {
    this.#script.append({ v: 1, event: 'session.closed', at: this.#script.nowMs, session: this.id, reason: 'client left', operations: this.#number, refused: 0 })
  }
}
