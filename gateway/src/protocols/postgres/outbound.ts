import { performance } from 'node:perf_hooks'
import { ByteRanges } from '../../bytes/byte-ranges.ts'
import type { Operation } from '../../governance/operation.ts'
import { addLimited } from './limited-step.ts'
import { FLUSH, REFUSED_EXTENDED, REFUSED_SIMPLE } from './own-messages.ts'
import type { RelayState } from './relay-state.ts'
import type { Step } from './step.ts'
import { StepQueue } from './step-queue.ts'

/** Steps on their way to the target: each is sent once it and all before it are decided. */
export class Outbound {
  readonly #state: RelayState
  readonly #steps = new StepQueue()
  readonly #ranges = new ByteRanges()
  /** Steps whose decision is not on record yet. */
  #undecided = 0
  #flushScheduled = false
  /** Set by the session: records a step that the target will never answer. */
  dropped: (step: Step) => void = () => undefined
  /** Told when steps were dropped: what was held back for them hears of no answer. */
  readonly #skipped: () => void

  constructor(state: RelayState, skipped: () => void) {
    this.#state = state
    this.#skipped = skipped
  }

  get length(): number {
    return this.#steps.length
  }

  /** True when no step waits for its decision. */
  get isDecided(): boolean {
    return this.#undecided === 0
  }

  /** All of them, oldest first. */
  toArray(): Step[] {
    return this.#steps.toArray()
  }

  push(step: Step): void {
    if (step.kind === 'sync' || step.kind === 'query') this.#state.boundaries++
    this.#steps.push(step)
  }

  /** Has the step wait for a decision on `operation`, which is asked for by whoever calls this. */
  await(step: Step, operation: Operation): void {
    step.awaitDecision(operation, this.#settled)
    this.#undecided++
    this.push(step)
  }

  /** The step's decision is carried by another's. */
  cover(step: Step, by: Step): void {
    step.coveredBy = by
    this.#undecided--
  }

  readonly #settled = (): void => {
    if (--this.#undecided === 0) this.flush()
    else if (!this.#flushScheduled) {
      this.#flushScheduled = true
      setImmediate(() => {
        this.#flushScheduled = false
        this.flush()
      })
    }
  }

  /** Sends what is decided, up to the first step that still waits. */
  flush(): void {
    const { inFlight, upstream } = this.#state
    if (!upstream.isOpen) return
    const nowMs = performance.now()
    let skipped = false
    for (let step = this.#steps.head; step !== undefined && step.standing !== 'waiting'; step = this.#steps.head) {
      this.#steps.shift()
      if (this.#state.skipping && step.kind !== 'sync') {
        skipped = true
        this.#state.release(step)
        this.dropped(step)
        continue
      }
      this.#state.skipping = false
      if (step.standing === 'refused') {
        step.report ??= step.coveredBy?.report
        this.#ranges.add(step.kind === 'query' ? REFUSED_SIMPLE : REFUSED_EXTENDED)
      } else if (step.rowLimit !== undefined) addLimited(this.#ranges, step)
      else this.#ranges.add(step.frame, step.start, step.end)
      if (step.kind === 'unanswered') continue
      step.startedAtMs = nowMs
      inFlight.push(step)
    }
    if (this.#ranges.byteLength === 0) return skipped ? this.#skipped() : undefined
    // The target may keep its answers to what came before a held step until it is asked for them.
    const { head } = this.#steps
    if ((head?.coveredBy ?? head)?.reviewable !== undefined) this.#ranges.add(FLUSH)
    this.write(this.#ranges)
    if (skipped) this.#skipped()
  }

  /** To the target; nothing more is taken from the client until the target keeps up. */
  write(ranges: ByteRanges): void {
    if (!this.#state.upstream.write(ranges.take())) this.#state.client.pause()
  }
}
