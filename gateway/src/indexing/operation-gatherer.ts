import type { OperationDecided, OperationFinished, RecordedEvent, SessionOpened } from '../governance/recording/event-schema.ts'
import {
  type IndexedOperation, type IndexedSession, type IndexPosition, type IndexSlice, MAX_CODES, MERGE_WINDOW_MS, type OperationChange,
  type PendingOperation,
} from '../storage/index-store.ts'

/** Rows that equal operations may still be added to; what is over is not lost, but begins a new row. */
const MAX_OPEN_ROWS = 20_000
const MAX_OPEN_UNITS = 8_000_000
const MAX_SESSIONS = 20_000
/** Operations without outcome; of those over, the outcome stays unknown. */
const MAX_PENDING = 200_000

/** A row in the index, and what the slice in the making adds to it. */
interface RowState {
  readonly row: OperationChange['row']
  change: OperationChange | undefined
}

interface OpenRow extends RowState {
  readonly row: IndexedOperation
}

interface Pending {
  readonly state: RowState
  /** The store knows that it is pending. */
  readonly stored: boolean
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
  #unsettled: { session: string; number: number; row: IndexedOperation }[] = []
  #closed: string[] = []
  #lastEntries = new Map<string, number>()

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

  /** @param entry number of the event's entry in the ledger */
  add(event: RecordedEvent, entry: number): void {
    // The end of its retention lies far behind a session, and would have all that is between read with it.
    if ('session' in event && event.session !== undefined && event.event !== 'recording.destroyed') this.#lastEntries.set(event.session, entry)
    switch (event.event) {
      case 'session.opened': {
        const session = sessionOf(event, entry)
        this.remember(session)
        this.#opened.push(session)
        return
      }
      case 'operation.decided':
        return this.#decided(event)
      case 'operation.finished':
        return this.#finished(event)
      case 'session.closed':
        // Its last outcomes may stand behind it.
        this.#closed.push(event.session)
        return
      case 'gateway.started':
        // Whatever ran before has no outcome, and never will.
        for (const session of [...this.#pending.keys()]) this.#forget(session)
        this.#rows.clear()
        this.#units = 0
        return
      default:
        // The search is for operations; the rest is in the ledger.
    }
  }

  /** Ends the slice. Its changes refer to live rows, to which the store gives their ids. */
  take(position: IndexPosition): IndexSlice {
    for (const session of this.#closed) {
      this.#forget(session)
      this.#sessions.delete(session)
    }
    const unsettled = this.#unsettled.filter(({ session, number }) => this.#pending.get(session)?.has(number))
    for (const { session, number } of unsettled) {
      const pending = this.#pending.get(session)
      const known = pending?.get(number)
      if (known !== undefined) pending?.set(number, { ...known, stored: true })
    }
    const slice: IndexSlice = { position, sessions: this.#opened, lastEntries: this.#lastEntries, changes: this.#changes, settled: this.#settled, unsettled }
    for (const state of this.#changed) state.change = undefined
    this.#changes = []
    this.#changed = []
    this.#opened = []
    this.#settled = []
    this.#unsettled = []
    this.#closed = []
    this.#lastEntries = new Map()
    return slice
  }

  #decided(event: OperationDecided): void {
    const { n, at, text, decision, rule } = event
    const key = `${event.session}\0${decision}\0${rule}\0${text}`
    let open = this.#rows.get(key)
    if (open !== undefined && (at < open.row.firstAtMs || at - open.row.firstAtMs >= MERGE_WINDOW_MS)) open = undefined
    if (open === undefined) {
      open = { row: this.#rowOf(event), change: undefined }
      this.#keep(key, open)
    }
    const change = this.#change(open, n, at)
    change.count++
    change.lastNumber = n
    change.lastAtMs = Math.max(change.lastAtMs, at)
    if (decision === 'allow' && this.#pendingCount < MAX_PENDING) {
      this.#await(event.session, n, { state: open, stored: false })
      this.#unsettled.push({ session: event.session, number: n, row: open.row })
    }
  }

  #finished({ session, n, at, result, rows, code }: OperationFinished): void {
    const ofSession = this.#pending.get(session)
    const pending = ofSession?.get(n)
    if (ofSession === undefined || pending === undefined) return
    ofSession.delete(n)
    this.#pendingCount--
    if (ofSession.size === 0) this.#pending.delete(session)
    if (pending.stored) this.#settled.push({ session, number: n })
    const { outcomes } = this.#change(pending.state, 0, at)
    outcomes[result]++
    outcomes.rows += rows
    if (result !== 'completed' && outcomes.codes.size < MAX_CODES) outcomes.codes.add(code ?? result)
  }

  #change(state: RowState, number: number, at: number): OperationChange {
    if (state.change !== undefined) return state.change
    const change: OperationChange = {
      row: state.row, count: 0, lastNumber: number, lastAtMs: number === 0 ? 0 : at,
      outcomes: { completed: 0, failed: 0, aborted: 0, rows: 0, codes: new Set() },
    }
    state.change = change
    this.#changes.push(change)
    this.#changed.push(state)
    return change
  }

  #rowOf({ session, n, at, text, textTruncated, actions, objects, decision, rule, policyVersion }: OperationDecided): IndexedOperation {
    return {
      id: undefined, session: this.#sessions.get(session) ?? unknownSession(session), text, textTruncated: textTruncated !== undefined,
      actions, objects, decision, rule, policyVersion, firstNumber: n, firstAtMs: at,
    }
  }

  #keep(key: string, open: OpenRow): void {
    this.#rows.delete(key)
    this.#rows.set(key, open)
    this.#units += key.length
    for (const oldest of this.#rows.keys()) {
      if (this.#rows.size <= MAX_OPEN_ROWS && this.#units <= MAX_OPEN_UNITS) return
      this.#rows.delete(oldest)
      this.#units -= oldest.length
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
