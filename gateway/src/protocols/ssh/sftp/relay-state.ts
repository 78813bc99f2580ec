import { MalformedFrameError } from '../../../bytes/byte-reader.ts'
import type { Refusal } from '../../../governance/decision.ts'
import { STATUS } from './message-types.ts'
import type { NamesOrder } from './names-order.ts'
import type { OpenFile } from './open-file.ts'
import { Outlet } from './outlet.ts'
import { writeStatus } from './packet-writer.ts'
import { type Pending, PendingAnswers } from './pending-answers.ts'
import { refusalWords } from './refusal-words.ts'
import { RememberedLookUps } from './remembered-look-ups.ts'
import type { SftpOptions, SftpPorts } from './sftp-ports.ts'

/** Where the id stands in a packet. */
const ID_AT = 5
/** Lines for the person at the client in one channel; after them only the statuses say it. */
const MAX_LINES = 100

/** What both directions of a relay share. */
export class RelayState {
  readonly ports: SftpPorts
  readonly maxHoldMs: number
  readonly names: NamesOrder
  readonly now: () => number
  readonly toTarget: Outlet
  readonly toClient: Outlet
  readonly pending = new PendingAnswers()
  /** Files and directories that are open, by handle. */
  readonly files = new Map<string, OpenFile>()
  /** Those of which the client has no use any more, and the target did not say yet that they are closed. */
  readonly closing = new Set<OpenFile>()
  readonly remembered = new RememberedLookUps()
  /** Operations at the target that end with its answer. */
  readonly running = new Set<{ readonly operationNumber: number; readonly startedAtMs: number }>()
  /** Extensions that the target announced and the gateway understands. */
  readonly extensions = new Set<string>()
  /** The folder from which relative paths go, absolute, bytes as Latin-1; unknown until the target has said so. */
  home: string | undefined = undefined
  closed = false
  #lines = 0

  constructor(ports: SftpPorts, options: SftpOptions) {
    this.ports = ports
    this.maxHoldMs = options.maxHoldMs
    this.names = options.names
    this.now = options.now ?? ((): number => performance.now())
    this.toTarget = new Outlet((bytes) => ports.toTarget(bytes))
    this.toClient = new Outlet((bytes) => ports.toClient(bytes))
  }

  /** Sends on a request, or the part of it that is there. It gets an id of the gateway's. */
  pass(pending: Pending, bytes: Buffer, start: number, end: number): void {
    bytes.writeUInt32BE(this.pending.add(pending), start + ID_AT)
    this.toTarget.pass(bytes, start, end)
  }

  /** Sends on an answer, or the part of it that is there, under the client's id. */
  passAnswer({ clientId }: Pending, bytes: Buffer, start: number, end: number): void {
    bytes.writeUInt32BE(clientId, start + ID_AT)
    this.toClient.pass(bytes, start, end)
  }

  /** Asks the target something for the gateway itself. */
  ask(expects: number, write: (id: number) => Buffer, own: NonNullable<Pending['own']>): void {
    this.toTarget.write(write(this.pending.add({ clientId: 0, expects, own })))
  }

  answer(clientId: number, status: number, words: string): void {
    if (!this.closed) this.toClient.write(writeStatus(clientId, status, words))
  }

  refuse(clientId: number, refusal: Refusal): void {
    if (this.closed) return
    const words = refusalWords(refusal)
    this.answer(clientId, STATUS.permissionDenied, words)
    this.tell(words)
  }

  tell(words: string): void {
    if (this.closed || ++this.#lines > MAX_LINES) return
    this.ports.tell(this.#lines === MAX_LINES ? 'more is not told here' : words)
  }

  flush(): void {
    if (this.closed) return
    this.toTarget.flush()
    this.toClient.flush()
  }

  /** Runs what may find that a side broke the protocol, and sends on what came of it. */
  run(side: string, work: () => void): void {
    if (this.closed) return
    try {
      work()
      this.flush()
    } catch (error) {
      if (!(error instanceof MalformedFrameError)) throw error
      this.end()
      this.ports.fail(`${side} broke the SFTP protocol: ${error.message}`)
    }
  }

  /** Nothing passes any more. Files that are open end as cut off. */
  end(): void {
    if (this.closed) return
    this.closed = true
    this.pending.clear()
    for (const file of [...this.files.values(), ...this.closing]) {
      this.ports.finish(file.operationNumber, file.outcome(undefined, this.now()))
    }
    this.files.clear()
    this.closing.clear()
    for (const { operationNumber, startedAtMs } of this.running) {
      this.ports.finish(operationNumber, { result: 'aborted', rows: 0, bytes: 0, durationMs: this.now() - startedAtMs })
    }
    this.running.clear()
  }
}
