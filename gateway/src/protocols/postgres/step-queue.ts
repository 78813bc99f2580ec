import type { Step } from './step.ts'

/** Steps in the order in which the client sent them, oldest first. Its array is kept when it is empty: it soon is again. */
export class StepQueue {
  #steps: (Step | undefined)[] = []
  #head = 0
  #tail = 0

  get head(): Step | undefined {
    return this.#head === this.#tail ? undefined : this.#steps[this.#head]
  }

  get length(): number {
    return this.#tail - this.#head
  }

  push(step: Step): void {
    this.#steps[this.#tail++] = step
  }

  shift(): Step | undefined {
    if (this.#head === this.#tail) return undefined
    const step = this.#steps[this.#head]
    this.#steps[this.#head++] = undefined
    if (this.#head === this.#tail) {
      this.#head = 0
      this.#tail = 0
      if (this.#steps.length > KEPT) this.#steps = []
    } else if (this.#head > KEPT && this.#head * 2 > this.#tail) {
      this.#steps = this.#steps.slice(this.#head, this.#tail)
      this.#tail -= this.#head
      this.#head = 0
    }
    return step
  }

  /** All of them, oldest first. */
  toArray(): Step[] {
    return this.#steps.slice(this.#head, this.#tail).filter((step) => step !== undefined)
  }
}

const KEPT = 1024
