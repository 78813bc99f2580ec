import type { OperationDecided, RecordedEvent, SessionOpened } from '../governance/recording/event-schema.ts'
import {
  type IndexedOperation, type IndexedSession, type IndexPosition, type IndexSlice, MAX_CODES, MERGE_WINDOW_MS, type OperationChange,
  type PendingOperation,
} from '../storage/index-store.ts'
import type { DecidedEntry, IndexedEntry } from './read-entry.ts'
import { IntegerTerms, splitIntegers } from './split-integers.ts'

/** Rows that equal operations may still be added to; what is over is not lost, but begins a new row. */
const MAX_OPEN_ROWS = 20_000
const MAX_OPEN_UNITS = 8_000_000
const MAX_SESSIONS = 20_000
/** Terms of integers that are added to a row; then the next begins. */
const MAX_INTEGER_UNITS = 2_048
/** With more than these it is cheaper to begin a row than to write one again that is in the store. */
const MAX_REWRITTEN_UNITS = 128
/** What a set's member takes beside its own units. */
const MEMBER_UNITS = 32
/** Operations without outcome; of those over, the outcome stays unknown. */
const MAX_PENDING = 200_000

/** A row in the index, and what the slice in the making adds to it. */
interface RowState {
  readonly row: OperationChange['row']
  change: OperationChange | undefined
}

interface OpenRow extends RowState {
  readonly row: IndexedOperation
  /** Integers of its texts, those of the first and of the others. */
  readonly first: string
  known: Set<string> | undefined
  terms: IntegerTerms | undefined
  /** Memory that it takes, roughly. */
  units: number
}

interface Pending {
  readonly state: RowState
  /** The store knows that it is pending. */
  stored: boolean
}

/** Puts events together as rows of the index, slice by slice. Knows no database and no file. */
export class OperationGatherer {
  readonly #sessions = new Map<string, IndexedSession>()
  readonly #rows = new Map<string, OpenRow>()
  #units = 0
  readonly #pending = new Map<string, Map<number, Pending>>()
  #pendingCount = 0
  #changes: OperationChange[] = []
  #changed: RowState[] = []
  #opened: IndexedSession[] = []
  #settled: { session: string; number: number }[] = []
  #closed: string[] = []
  #lastEntries = new Map<string, number>()
  readonly #last = { session: '', number: 0 }

  constructor(pending: readonly PendingOperation[]) {
    const rows = new Map<number, RowState>()
    for (const { session, number, id } of pending) {
      const state = rows.get(id) ?? { row: { id }, change: undefined }
      rows.set(id, state)
      this.#await(session, number, { state, stored: true })
    }
  }

  knows(session: string): boolean {
    return this.#sessions.has(session)
  }

  /** For a session that was opened in an earlier slice. */
  remember(session: IndexedSession): void {
    if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '')
    this.#sessions.set(session.id, session)
  }

  /** @param number that of the entry in the ledger */
  add(entry: IndexedEntry, number: number): void {
    switch (entry.kind) {
      case 'decided':
        this.#spokeOf(entry.session, number)
        return this.#decided(entry)
      case 'finished':
        this.#spokeOf(entry.session, number)
        return this.#finished(entry)
      case 'other':
        return this.#other(entry.event, number)
    }
  }

  /** Ends the slice. Its changes refer to live rows, to which the store gives their ids. */
  take(position: IndexPosition): IndexSlice {
    for (const session of this.#closed) {
      this.#forget(session)
      this.#sessions.delete(session)
    }
    this.#noteLast()
    const unsettled = this.#storePending()
    const slice: IndexSlice = { position, sessions: this.#opened, lastEntries: this.#lastEntries, changes: this.#changes, settled: this.#settled, unsettled }
    for (const state of this.#changed) state.change = undefined
    this.#changes = []
    this.#changed = []
    this.#opened = []
    this.#settled = []
    this.#closed = []
    this.#lastEntries = new Map()
    return slice
  }

  #other(event: RecordedEvent, number: number): void {
    // The end of its retention lies far behind a session, and would have all that is between read with it.
    if ('session' in event && event.session !== undefined && event.event !== 'recording.destroyed') this.#spokeOf(event.session, number)
    if (event.event === 'session.opened') {
      const session = sessionOf(event, number)
      this.remember(session)
      this.#opened.push(session)
    } else if (event.event === 'session.closed') {
      // Its last outcomes may stand behind it.
      this.#closed.push(event.session)
    } else if (event.event === 'gateway.started') {
      // Whatever ran before has no outcome, and never will.
      for (const session of [...this.#pending.keys()]) this.#forget(session)
      this.#rows.clear()
      this.#units = 0
    }
  }

  #decided(entry: DecidedEntry): void {
    const { session, n, at } = entry
    const { template, integers } = splitIntegers(entry.text)
    const key = `${session} ${template}${entry.facts}`
    let open = this.#rows.get(key)
    if (open === undefined || at < open.row.firstAtMs || at - open.row.firstAtMs >= MERGE_WINDOW_MS || !this.#takes(open, template, integers)) {
      open = { row: this.#rowOf(entry.parse()), change: undefined, first: integers, known: undefined, terms: undefined, units: key.length }
      this.#keep(key, open)
    }
    const change = this.#change(open)
    change.count++
    change.lastNumber = n
    change.lastAtMs = Math.max(change.lastAtMs, at)
    if (open.row.decision === 'allow' && this.#pendingCount < MAX_PENDING) {
      this.#await(session, n, { state: open, stored: false })
    }
  }

  /** Adds the integers to the row, if it has room and does not have them. */
  #takes(open: OpenRow, template: string, integers: string): boolean {
    const { row, first } = open
    if (integers === first || open.known?.has(integers) === true) return true
    const inStore = row.id !== undefined && open.change?.addsIntegers !== true
    if (inStore && row.integers.length > MAX_REWRITTEN_UNITS) return false
    open.terms ??= new IntegerTerms({ template, integers: first })
    const terms = open.terms.of(integers)
    if (row.integers.length + terms.length > MAX_INTEGER_UNITS) return false
    row.integers += terms
    open.known ??= new Set()
    open.known.add(integers)
    const units = terms.length + integers.length + MEMBER_UNITS
    open.units += units
    this.#units += units
    this.#change(open).addsIntegers = true
    return true
  }

  #finished({ session, n, result, rows, masked, code }: Extract<IndexedEntry, { kind: 'finished' }>): void {
    const ofSession = this.#pending.get(session)
    const pending = ofSession?.get(n)
    if (ofSession === undefined || pending === undefined) return
    ofSession.delete(n)
    this.#pendingCount--
    if (pending.stored) this.#settled.push({ session, number: n })
    const { outcomes } = this.#change(pending.state)
    outcomes[result]++
    outcomes.rows += rows
    outcomes.masked += masked
    if (result !== 'completed' && outcomes.codes.size < MAX_CODES) outcomes.codes.add(code ?? result)
  }

  /** Most entries speak of the session that the one before spoke of. */
  #spokeOf(session: string, number: number): void {
    if (session !== this.#last.session) {
      this.#noteLast()
      this.#last.session = session
    }
    this.#last.number = number
  }

  #noteLast(): void {
    if (this.#last.session !== '') this.#lastEntries.set(this.#last.session, this.#last.number)
    this.#last.session = ''
  }

  /** Few operations are under way where a slice ends. */
  #storePending(): IndexSlice['unsettled'] {
    const unsettled: { session: string; number: number; row: OperationChange['row'] }[] = []
    for (const [session, ofSession] of this.#pending) {
      for (const [number, pending] of ofSession) {
        if (pending.stored) continue
        pending.stored = true
        unsettled.push({ session, number, row: pending.state.row })
      }
      if (ofSession.size === 0) this.#pending.delete(session)
    }
    return unsettled
  }

  #change(state: RowState): OperationChange {
    if (state.change !== undefined) return state.change
    const change: OperationChange = {
      row: state.row, count: 0, lastNumber: 0, lastAtMs: 0, addsIntegers: false,
      outcomes: { completed: 0, failed: 0, aborted: 0, rows: 0, masked: 0, codes: new Set() },
    }
    state.change = change
    this.#changes.push(change)
    this.#changed.push(state)
    return change
  }

  #rowOf({ session, n, at, text, textTruncated, actions, objects, decision, rule, policyVersion }: OperationDecided): IndexedOperation {
    return {
      id: undefined, session: this.#sessions.get(session) ?? unknownSession(session), text, textTruncated: textTruncated !== undefined,
      integers: '', actions, objects, decision, rule, policyVersion, firstNumber: n, firstAtMs: at,
    }
  }

  #keep(key: string, open: OpenRow): void {
    this.#units += open.units - (this.#rows.get(key)?.units ?? 0)
    this.#rows.delete(key)
    this.#rows.set(key, open)
    if (this.#rows.size <= MAX_OPEN_ROWS && this.#units <= MAX_OPEN_UNITS) return
    // A quarter at once: a Map's first key is slow to find behind many that were deleted.
    for (const [oldest, { units }] of this.#rows) {
      if (this.#rows.size <= MAX_OPEN_ROWS * 0.75 && this.#units <= MAX_OPEN_UNITS * 0.75) return
      this.#rows.delete(oldest)
      this.#units -= units
    }
  }

  #await(session: string, number: number, pending: Pending): void {
    const ofSession = this.#pending.get(session) ?? new Map<number, Pending>()
    this.#pending.set(session, ofSession)
    ofSession.set(number, pending)
    this.#pendingCount++
  }

  #forget(session: string): void {
    const ofSession = this.#pending.get(session)
    if (ofSession === undefined) return
    for (const [number, { stored }] of ofSession) if (stored) this.#settled.push({ session, number })
    this.#pendingCount -= ofSession.size
    this.#pending.delete(session)
  }
}

function sessionOf({ session, identity, target, protocol, purpose }: SessionOpened, firstEntry: number): IndexedSession {
  const { kind, name, issuer, actors } = identity
  return { id: session, identity: { kind, name, issuer }, actors, target, protocol, purpose, firstEntry }
}

/** Its beginning is not in the ledger, which can only be where somebody made one up. */
function unknownSession(id: string): IndexedSession {
  return { id, identity: { kind: 'person', name: '', issuer: '' }, actors: [], target: '', protocol: '', purpose: '', firstEntry: 0 }
}
