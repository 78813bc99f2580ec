import type { Change, ChangeSignals } from '../governance/review/change-signals.ts'

/** Within this process: all there is to tell where no other gateway shares the state. */
export class LocalSignals implements ChangeSignals {
  readonly #onError: (error: Error, message: string) => void
  readonly #changes = new Set<{ readonly listener: (change: Change) => void }>()
  readonly #gaps = new Set<{ readonly listener: () => void }>()

  /** @param onError told when a listener throws: the others, and who tells, have nothing to do with it */
  constructor(onError: (error: Error, message: string) => void) {
    this.#onError = onError
  }

  tell(change: Change): void {
    for (const { listener } of [...this.#changes]) this.#call(() => listener(change))
  }

  tellGap(): void {
    for (const { listener } of [...this.#gaps]) this.#call(listener)
  }

  onChange(listener: (change: Change) => void): () => void {
    // Its own entry: who listens twice with one function is told twice, and ends once what it ends.
    const entry = { listener }
    this.#changes.add(entry)
    return () => void this.#changes.delete(entry)
  }

  onGap(listener: () => void): () => void {
    const entry = { listener }
    this.#gaps.add(entry)
    return () => void this.#gaps.delete(entry)
  }

  #call(listener: () => void): void {
    try {
      listener()
    } catch (error) {
      this.#onError(error as Error, 'a change was not taken in')
    }
  }
}
