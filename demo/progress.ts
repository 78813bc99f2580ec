import { colours as pc } from './colours.ts'

/** Tells what goes on, and how long each step took. In JSON mode on stderr: stdout then has one line only. */
export class Progress {
  readonly #write: (line: string) => void
  readonly #started = performance.now()

  constructor(json: boolean) {
    this.#write = (line) => void (json ? process.stderr : process.stdout).write(`${line}\n`)
  }

  say(line: string): void {
    this.#write(line)
  }

  /** Does a step, and says so before and after. */
  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#write(pc.dim(`  ${name} …`))
    const started = performance.now()
    const result = await work()
    this.#write(`${pc.green('✔')} ${name} ${pc.dim(`(${seconds(started)})`)}`)
    return result
  }

  done(): void {
    this.#write(`${pc.green('✔')} ready after ${seconds(this.#started)}`)
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`
}
