import type { ShellWord } from './shell-word.ts'

interface Assigned {
  count: number
  numeric: boolean
  array: boolean
}

/**
 * What is known of a shell's variables. A text is walked twice: once to learn which names it assigns, then to judge. A
 * value counts only when the text assigns the name once, before the use, where nothing can skip it; whether a variable
 * is a number, when every assignment gives one.
 */
export class Variables {
  readonly assigned = new Map<string, Assigned>()
  readonly #learned: ReadonlyMap<string, Assigned> | undefined
  readonly #values = new Map<string, ShellWord>()
  /** What was assigned a number where nothing can skip it. */
  readonly #certain = new Set<string>()

  constructor(learned?: ReadonlyMap<string, Assigned>) {
    this.#learned = learned
  }

  /** The first of the two walks, of which only the names count. */
  get learning(): boolean {
    return this.#learned === undefined
  }

  /** @param straight nothing can skip or repeat it, and it is not in a subshell */
  assign(name: string, given: ShellWord | undefined, straight: boolean): void {
    const word = isOfTheShell(name) ? undefined : given
    const numeric = word?.numeric === true
    const before = this.assigned.get(name)
    if (before === undefined) this.assigned.set(name, { count: 1, numeric, array: false })
    else {
      before.count++
      before.numeric &&= numeric
    }
    if (straight && numeric) this.#certain.add(name)
    if (straight && word !== undefined && word.kind !== 'list' && this.#learned?.get(name)?.count === 1) this.#values.set(name, word)
  }

  /** Some of the text makes an array of it. */
  makeArray(name: string): void {
    const known = this.assigned.get(name)
    if (known === undefined) this.assigned.set(name, { count: 0, numeric: false, array: true })
    else known.array = true
  }

  mayBeArray(name: string): boolean {
    return isOfTheShell(name) || this.assigned.get(name)?.array === true || this.#learned?.get(name)?.array === true
  }

  /** No more was assigned than the first walk saw, which knows no values. */
  isAsLearned(): boolean {
    return this.#learned === undefined || this.#learned.size === 0 || [...this.assigned].every(([name, { count, numeric }]) => {
      const learned = this.#learned?.get(name)
      return learned !== undefined && learned.count >= count && (numeric || !learned.numeric)
    })
  }

  /** The variable of a loop, in its body. */
  within(name: string, word: ShellWord | undefined, walk: () => void): void {
    const wasCertain = this.#certain.has(name)
    this.assign(name, word, word !== undefined)
    walk()
    this.#values.delete(name)
    // The loop itself may be skipped.
    if (!wasCertain) this.#certain.delete(name)
  }

  valueOf(name: string): ShellWord | undefined {
    return this.#values.get(name)
  }

  isAssigned(name: string): boolean {
    return this.assigned.has(name) || this.#learned?.has(name) === true
  }

  /** Of a numeric one: it has a number by now, and is not empty. */
  isCertain(name: string, inBash: boolean): boolean {
    if (NUMBERS.has(name)) return ALWAYS.has(name) || (inBash && name !== '!')
    return this.#certain.has(name)
  }

  isNumeric(name: string): boolean {
    return NUMBERS.has(name) ? !this.isAssigned(name) : this.#learned?.get(name)?.numeric === true
  }
}

/** The shell keeps numbers in these. */
const NUMBERS: ReadonlySet<string> = new Set([
  '?', '#', '$', '!', 'RANDOM', 'SRANDOM', 'SECONDS', 'LINENO', 'EPOCHSECONDS', 'UID', 'EUID', 'PPID', 'BASHPID', 'OPTIND', 'SHLVL',
])

/** In every shell. */
const ALWAYS: ReadonlySet<string> = new Set(['?', '#', '$', 'PPID', 'OPTIND', 'LINENO'])

/** What the shell itself writes into, whatever the text assigns: `read` into REPLY, `cd` into PWD, every command into `_`. */
const OF_THE_SHELL: ReadonlySet<string> = new Set([
  ...NUMBERS, '_', 'REPLY', 'MAPFILE', 'OPTARG', 'OPTERR', 'PWD', 'OLDPWD', 'COPROC', 'FUNCNAME', 'DIRSTACK', 'GROUPS', 'PIPESTATUS', 'EPOCHREALTIME', 'HISTCMD',
])

function isOfTheShell(name: string): boolean {
  return OF_THE_SHELL.has(name) || name.startsWith('BASH') || name.startsWith('COMP_') || name.startsWith('READLINE_')
}
