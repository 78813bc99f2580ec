import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'
import { isLocaleVariable, keepsTexts } from '../../shell/locale.ts'
import { SshReader } from './wire/ssh-reader.ts'

const MAX_VARIABLES = 64
const MAX_VALUE_BYTES = 4096
const TERMINAL = /^[A-Za-z0-9_.+-]{0,64}$/
const MAX_MODES_BYTES = 1024

/** What a client sets up in a channel before its program: variables that the target allows, and a terminal. */
export class ChannelEnvironment {
  readonly #allowed: readonly string[]
  readonly #variables = new Map<string, string>()
  #terminal: string | undefined

  /** @param allowed names, where `LC_*` stands for all that begin so */
  constructor(allowed: readonly string[]) {
    this.#allowed = allowed
  }

  get hasTerminal(): boolean {
    return this.#terminal !== undefined
  }

  /** `env` (RFC 4254 section 6.4). @returns whether the target may have it. @throws MalformedFrameError */
  takeVariable(rest: Buffer): boolean {
    const reader = new SshReader(rest)
    const name = reader.text()
    const value = reader.string()
    reader.expectEnd()
    const text = value.toString('utf8')
    if (!this.#allowed.some((pattern) => matches(pattern, name)) || value.includes(0) || !isUtf8(value) || value.length > MAX_VALUE_BYTES) return false
    // The command was read as UTF-8: the target's shell must not read it otherwise.
    if (isLocaleVariable(name) && !keepsTexts(name, text)) return false
    if (this.#variables.size >= MAX_VARIABLES && !this.#variables.has(name)) return false
    this.#variables.set(name, text)
    return true
  }

  /** `pty-req` (RFC 4254 section 6.2). @returns whether the target may have it. @throws MalformedFrameError */
  takeTerminal(rest: Buffer): boolean {
    if (this.#terminal !== undefined) return false
    const reader = new SshReader(rest)
    const name = reader.text()
    reader.take(16)
    const modes = reader.string()
    reader.expectEnd()
    if (!TERMINAL.test(name) || modes.length > MAX_MODES_BYTES) return false
    this.#terminal = `${name} ${hash('sha256', modes, 'hex')}`
    return true
  }

  /** All of it as text, the same whenever the same was set: part of what a program means. */
  get description(): string {
    return JSON.stringify([[...this.#variables].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)), this.#terminal ?? null])
  }
}

/** `window-change` (RFC 4254 section 6.7). @throws MalformedFrameError when it is none */
export function checkWindowChange(rest: Buffer): void {
  new SshReader(rest).take(16)
}

/** Name of a `signal` request (RFC 4254 section 6.9); undefined when it is no name of a signal. */
export function signalName(rest: Buffer): string | undefined {
  const name = new SshReader(rest).text()
  return /^[A-Z][A-Z0-9]{0,15}(?:@[a-z0-9.-]{1,48})?$/.test(name) ? name : undefined
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
