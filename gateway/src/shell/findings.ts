import type { OperationFacts } from '../governance/operation.ts'
import { ShellSyntaxError } from './parser.ts'
import type { ShellWord } from './shell-word.ts'
import type { Transfer } from './transfer.ts'

/** Characters; a reason quotes what it is about. */
const MAX_REASON = 200

/** Characters that are read for one command line, the line itself and the texts in it together. */
const MAX_TEXT = 140_000

/** What the reading of one command line has found so far. */
export class Findings {
  readonly #actions = new Set<string>()
  readonly #objects = new Set<string>()
  readonly #functions = new Set<string>()
  #changes = false
  #unknownBecause: string | undefined = undefined
  #filtered = true
  #textLeft = MAX_TEXT
  /** Simple commands. */
  statements = 0
  /** On a terminal some part starts what takes typed commands: a pager, an editor, a monitor. */
  typedBecause: string | undefined = undefined
  transfer: Transfer | undefined = undefined
  /** Something is read or written in the place of the channel. */
  redirects = false
  #outputNamed = false
  #outputReplaced = false
  #folderNamed = false
  #folderChanged = false

  get unknown(): boolean {
    return this.#unknownBecause !== undefined
  }

  /** Texts in texts are read again for each level. @throws ShellSyntaxError */
  takeText(text: string): void {
    this.#textLeft -= text.length
    if (this.#textLeft < 0) throw new ShellSyntaxError('too many texts in texts')
  }

  program(...names: readonly string[]): void {
    for (const name of names) this.#functions.add(name)
  }

  read(words: readonly (ShellWord | string)[] = []): void {
    this.#actions.add('read')
    this.object(...words)
  }

  change(action: string, words: readonly (ShellWord | string)[] = []): void {
    this.#actions.add(action)
    this.#changes = true
    this.object(...words)
  }

  object(...words: readonly (ShellWord | string)[]): void {
    for (const word of words) {
      const name = typeof word === 'string' ? word : word.name
      if (name !== '') this.#objects.add(name)
    }
  }

  /** A whole tree, or all that a pattern takes, is removed or overwritten. */
  unfiltered(): void {
    this.#filtered = false
  }

  /** Standard output is written to by its path, or something else was put in its place: both together may write to a file. */
  standardOutput(what: 'named' | 'replaced'): void {
    if (what === 'named') this.#outputNamed = true
    else this.#outputReplaced = true
    if (this.#outputNamed && this.#outputReplaced) this.unknownFor('what stands for /dev/stdout may be a file: write to &1')
  }

  /** The present folder is named without quotes, or changed to one whose name need not be one plain word: together it may be several words. */
  folder(what: 'named' | 'changed'): void {
    if (what === 'named') this.#folderNamed = true
    else this.#folderChanged = true
    if (this.#folderNamed && this.#folderChanged) this.unknownFor('the name of the folder may be several words: write "$PWD"')
  }

  unknownFor(because: string): void {
    this.#unknownBecause ??= because.length > MAX_REASON ? `${because.slice(0, MAX_REASON)}…` : because
  }

  /** Runs something whose effect nobody can tell from the text. */
  execute(because: string): void {
    this.change('execute')
    this.unknownFor(because)
  }

  facts(onTerminal: boolean): OperationFacts {
    const because = this.#unknownBecause ?? (onTerminal ? this.typedBecause : undefined)
    const unknown = because !== undefined
    const actions = new Set(this.#actions)
    if (unknown) actions.add('unknown')
    return {
      actions: sorted(actions), objects: sorted(this.#objects), functions: sorted(this.#functions),
      readOnly: !this.#changes && !unknown, filtered: this.#filtered && !unknown, unknown,
      ...(unknown && { unknownBecause: because }),
      statements: this.statements,
    }
  }
}

function sorted(names: ReadonlySet<string>): readonly string[] {
  return [...names].sort()
}
