import { isAscii } from 'node:buffer'
import { hash, randomUUID } from 'node:crypto'
import type { Wait } from '../../governance/exchange.ts'
import type { Preview } from '../../governance/review/preview.ts'
import { byName } from './operation-context.ts'
import type { RelayState } from './relay-state.ts'
import type { ReviewedStatement } from './reviewed-statement.ts'
import type { StepReview } from './step.ts'
import { writeReport } from './wire/report.ts'

/** What PostgreSQL adds to an operation that people are asked about, and how its client waits. */
export class HeldStep implements StepReview {
  readonly #state: RelayState
  readonly #statement: ReviewedStatement
  readonly digest: string
  readonly definitions: readonly string[]

  private constructor(state: RelayState, statement: ReviewedStatement, definitions: readonly string[]) {
    this.#state = state
    this.#statement = statement
    this.definitions = definitions
    this.digest = digestOf(state, statement, definitions)
  }

  /** @returns undefined when nobody could be shown the whole of it, or make sure that it is what runs */
  static of(state: RelayState, statement: ReviewedStatement): HeldStep | undefined {
    const { text, analysis, portal, parameters } = statement
    const { context, names } = state
    if (!statement.readable || !parameters.every((value) => isShownAsSent(value, state))) return undefined
    // Without the Parse message nobody knows of which types its parameters are.
    if (portal !== undefined && portal.prepared.parsed && portal.prepared.parse === undefined) return undefined
    const definitions = context.definitionsFor(text, analysis, names, portal?.prepared.preparedAs)
    return definitions === undefined ? undefined : new HeldStep(state, statement, definitions)
  }

  get inTransaction(): boolean {
    return this.#statement.inTransaction
  }

  get maxHoldMs(): number {
    return this.#state.waiting.maxHoldMs
  }

  preview(how: 'rehearse' | 'count'): Promise<Preview> {
    return this.#state.preview(this.#statement, how, this.#state)
  }

  /** People have said yes, and it is on its way. */
  forwarded(): void {
    const { text, analysis, parameters } = this.#statement
    this.#state.held = undefined
    this.#state.context.note(text, analysis, parameters)
  }

  refused(): void {
    this.#state.held = undefined
  }

  beginWait(wait: Wait): void {
    this.#state.held = wait
  }

  announceWait(message: string, hint: string): void {
    this.#state.announce(writeReport({ severity: 'NOTICE', code: '00000', message, hint }))
  }
}

/** What has the same digest does the same on the same target: text, parameters with their types and formats, and all that gives it its meaning. */
function digestOf({ context, names, parameters }: RelayState, { text, facts, portal }: ReviewedStatement, definitions: readonly string[]): string {
  const { actions, objects, functions } = facts
  // The bytes after the text: numbers and oids of types; then all of Bind but names.
  const types = portal?.prepared.parse?.toString('base64') ?? ''
  const values = portal?.bind.toString('base64', portal.parametersAt, portal.bindEnd) ?? ''
  // Where a cursor stands is part of what `WHERE CURRENT OF` means, and of what nobody can know later.
  const once = names.hasCursors ? randomUUID() : ''
  // Settings that the session was given by others, such as its role on the target, are in no statement of its own.
  const settings = [...parameters].filter(([name]) => name !== 'application_name').toSorted(byName)
  return hash('sha256', JSON.stringify(['postgres', text, types, values, actions, objects, functions, definitions, context.chain, settings, once]), 'hex')
}

/** Other encodings than UTF-8 would show other characters than the target reads. */
function isShownAsSent(value: string | null, { parameters, readingUncertain }: RelayState): boolean {
  return value === null || isAscii(Buffer.from(value)) || (parameters.get('client_encoding') === 'UTF8' && !readingUncertain)
}
