import type { TargetEntry } from '../policy/policy-document.ts'
import { BlockPool } from './block-pool.ts'
import { publicKeyOf } from './hpke.ts'
import type { Ledger } from './ledger.ts'
import { OriginalsBatch } from './originals.ts'
import { Recorder, type RecorderHost } from './recorder.ts'
import type { RecordingKeys } from './recording-keys.ts'
import { type RecordSettings, recordSettings } from './record-settings.ts'
import type { SegmentStore } from './segment-store.ts'
import { SegmentWriter, type SegmentWriterOptions } from './segment-writer.ts'
import type { SessionRecorder } from './stream.ts'

/** A segment is cut when its oldest bytes are this old: so much may be lost by a crash, besides what is being written. */
const CUT_AFTER_MS = 1_000
const LOOK_EVERY_MS = 200
/** How long closing waits for a store that fails. */
const CLOSE_MS = 5_000

export interface RecordingsOptions {
  readonly store: SegmentStore
  readonly keys: RecordingKeys
  readonly ledger: Ledger
  /** What all sessions together may hold in memory until it is kept. */
  readonly memoryBytes: number
  readonly onFault: SegmentWriterOptions['onFault']
}

/** Nothing can be recorded at the moment, so no session is opened. */
export class RecordingUnavailable extends Error {
  override readonly name = 'RecordingUnavailable'
  /** For the client, who need not know why. */
  readonly told = 'the gateway cannot record sessions now, so it opens none'
  readonly hint = 'Try again later, and tell an operator that recordings cannot be kept.'
}

/** Records the streams of all sessions of a gateway. */
export class Recordings {
  readonly #keys: RecordingKeys
  readonly #host: RecorderHost
  readonly #writer: SegmentWriter
  readonly #pool: BlockPool
  readonly #open = new Set<Recorder>()
  /** In the order in which they became dirty. */
  readonly #dirty = new Set<Recorder>()
  readonly #waiting = new Set<Recorder>()
  readonly #timer: NodeJS.Timeout

  constructor({ store, keys, ledger, memoryBytes, onFault }: RecordingsOptions) {
    this.#keys = keys
    this.#pool = new BlockPool(memoryBytes)
    this.#writer = new SegmentWriter({ store, ledger, pool: this.#pool, onFault })
    this.#host = {
      pool: this.#pool, writer: this.#writer, ledger,
      dirty: (recorder) => void this.#dirty.add(recorder),
      clean: (recorder) => void this.#dirty.delete(recorder),
      waits: (recorder) => this.#waits(recorder),
      kept: () => this.#kept(),
      closed: (recorder) => {
        this.#open.delete(recorder)
        this.#waiting.delete(recorder)
      },
    }
    this.#timer = setInterval(() => this.#cutOld(), LOOK_EVERY_MS).unref()
  }

  /** Bytes recorded and not yet kept. */
  get heldBytes(): number {
    return this.#pool.heldBytes
  }

  /**
   * Begins a session's recording; undefined where the policy wants none.
   * @throws RecordingUnavailable; Error when its key cannot be kept
   */
  async open(session: { readonly id: string; readonly openedAtMs: number; readonly target: TargetEntry }): Promise<SessionRecorder | undefined> {
    const { rows, files, originals } = recordSettings(session.target)
    if (rows === 'none' && files === 'none' && originals === undefined) return undefined
    if (!this.#writer.healthy) throw new RecordingUnavailable('sessions cannot be recorded at the moment')
    const key = await this.#keys.create(session.id)
    const recorder = new Recorder(this.#host, {
      id: session.id, openedAtMs: session.openedAtMs, key, rowsPerOperation: perOperation(rows),
      originals: originals === undefined ? undefined : new OriginalsBatch(publicKeyOf(Buffer.from(originals, 'base64')), session.id),
    })
    this.#open.add(recorder)
    return recorder
  }

  /** Keeps what there is of every session, and gives up what cannot be kept in a few seconds. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#writer.hurry(CLOSE_MS)
    // What was lost was told already.
    await Promise.allSettled([...this.#open].map((recorder) => recorder.close()))
  }

  #cutOld(): void {
    const before = performance.now() - CUT_AFTER_MS
    for (const recorder of this.#dirty) {
      if (recorder.dirtySinceMs > before && !this.#pool.isFull) return
      recorder.cut()
    }
  }

  #waits(recorder: Recorder): void {
    this.#waiting.add(recorder)
    // Room comes only from what is cut.
    if (this.#pool.isFull) for (const one of this.#dirty) one.cut()
  }

  #kept(): void {
    if (this.#pool.isFull) return
    for (const recorder of this.#waiting) {
      if (!recorder.hasRoom) continue
      this.#waiting.delete(recorder)
      recorder.onRoom()
    }
  }
}

function perOperation(rows: RecordSettings['rows']): number {
  if (rows === 'all') return Number.POSITIVE_INFINITY
  return rows === 'none' ? 0 : rows.first
}
