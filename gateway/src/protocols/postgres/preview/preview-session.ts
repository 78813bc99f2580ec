import type { Upstream } from '../upstream.ts'
import { FRONTEND } from '../wire/message-types.ts'
import { message } from '../wire/message-writer.ts'
import { Answers, NoAnswer, type Answer } from './answers.ts'
import { readValues } from './masked-rows.ts'
import type { PreviewOptions, PreviewTimeouts } from './preview-options.ts'
import { describe, parameterSection, run, simple } from './questions.ts'

/** For the gateway's own questions: nobody's own operators and functions can be meant. */
const OWN_PATH = 'pg_catalog, pg_temp'
/** What changes how a statement's values are read, or which objects its names mean. */
const CARRIED_SETTINGS = ['TimeZone', 'DateStyle', 'IntervalStyle']
/** Kept free for asking the planner, and for the way back. */
const RESERVE_MS = 150

/** The connection that a preview is made over. Every transaction on it has limits kept by the target, and is rolled back. */
export class PreviewSession {
  readonly parameterTypes: readonly number[]
  readonly version: number
  /** Sample values can be read as UTF-8. */
  readonly utf8: boolean
  readonly #answers: Answers
  readonly #deadline: number
  readonly #timeouts: PreviewTimeouts
  readonly #section: Buffer
  readonly #settings: string
  readonly #searchPath: string
  readonly #upstream: Upstream

  private constructor(upstream: Upstream, answers: Answers, options: PreviewOptions, deadline: number, timeouts: PreviewTimeouts, searchPath: string, parameterTypes: readonly number[]) {
    this.#upstream = upstream
    this.#answers = answers
    this.#deadline = deadline
    this.#timeouts = timeouts
    this.#searchPath = searchPath
    this.#section = parameterSection(options.parameters)
    this.parameterTypes = parameterTypes
    this.version = Number.parseInt(upstream.parameters.get('server_version') ?? '0', 10)
    this.utf8 = (options.settings.get('client_encoding') ?? 'UTF8') === 'UTF8'
    this.#settings = carried(options.settings)
  }

  /** @throws NoAnswer */
  static async open(upstream: Upstream, options: PreviewOptions, deadline: number, timeouts: PreviewTimeouts): Promise<PreviewSession> {
    const answers = new Answers(upstream)
    // What the gateway writes is read in one way, whatever the client asked for at startup.
    const [read, answer] = await answers.ask(
      simple("set standard_conforming_strings = on; set client_encoding = 'UTF8'"),
      simple("select pg_catalog.current_setting('search_path')"),
    )
    const path = options.settings.get('search_path') ?? rowsOf(answer)[0]?.[0]
    if (read.code !== undefined) throw new NoAnswer('the target does not take settings')
    if (path === undefined || path === null) throw new NoAnswer('the target does not tell its settings')
    return new PreviewSession(upstream, answers, options, deadline, timeouts, path, options.parameters?.types ?? [])
  }

  get overallMs(): number {
    return this.#timeouts.overallMs
  }

  get remainingMs(): number {
    return this.#deadline - performance.now()
  }

  /** Types of the parameters as the target reads the statement; SQLSTATE when it does not. @throws NoAnswer */
  async typesOf(text: string): Promise<readonly number[] | string> {
    const [, described] = await this.#answers.ask(this.begin('read only'), describe(text, this.parameterTypes), ROLLBACK)
    return described.code ?? described.parameterTypes ?? []
  }

  /** Rows of own questions about the catalog; SQLSTATE when one fails. @throws NoAnswer */
  async own(...texts: readonly string[]): Promise<(string | null)[][][] | string> {
    const answers = await this.#answers.ask(this.begin('read only'), simple(`set local search_path = ${OWN_PATH}`), ...texts.map(simple), ROLLBACK)
    const failed = answers.find((answer) => answer.code !== undefined)
    return failed?.code ?? answers.slice(2, -1).map(rowsOf)
  }

  /** One row in which names are resolved as the session would. @throws NoAnswer */
  async named(text: string): Promise<readonly (string | null)[] | string> {
    const [begun, answer] = await this.#answers.ask(this.begin('read only'), simple(text), ROLLBACK)
    return begun.code ?? answer.code ?? rowsOf(answer)[0] ?? []
  }

  /** Runs one statement that only reads, with the client's parameters. @throws NoAnswer */
  async read(text: string, types: readonly number[], reserveMs = RESERVE_MS): Promise<Answer> {
    const [begun, answer] = await this.#answers.ask(this.begin('read only', reserveMs), run(text, types, this.#section), ROLLBACK)
    return begun.code === undefined ? answer : begun
  }

  /** Sends all in one piece, so that nothing waits for the gateway while locks are held. @throws NoAnswer */
  async inOnePiece(...questions: readonly Buffer[]): Promise<readonly Answer[]> {
    return this.#answers.ask(...questions)
  }

  run(text: string, types: readonly number[], options: { readonly portal: string; readonly maxRows: number }): Buffer {
    return run(text, types, this.#section, options)
  }

  /** Begins a transaction whose limits the target keeps, even when the gateway is gone. */
  begin(mode: 'read only' | 'read write', reserveMs = RESERVE_MS): Buffer {
    const { statementMs, lockMs } = this.#timeouts
    const statement = Math.max(1, Math.floor(Math.min(statementMs, this.remainingMs - reserveMs)))
    const limits = [
      `lock_timeout = ${Math.min(lockMs, statement)}`,
      `statement_timeout = ${statement}`,
      'idle_in_transaction_session_timeout = 1000',
      ...(this.version >= 17 ? [`transaction_timeout = ${statement + 500}`] : []),
      ...(this.version >= 14 ? ['client_connection_check_interval = 100'] : []),
      'jit = off',
    ]
    // A session that may only read stays one: its own default decides unless less is asked for.
    const start = `begin isolation level read committed${mode === 'read only' ? ' read only' : ''}`
    return simple([start, ...limits.map((limit) => `set local ${limit}`), this.#settings, setting('search_path', this.#searchPath)].join('; '))
  }

  close(): void {
    this.#upstream.connection.end(message(FRONTEND.terminate))
  }

  fail(error: Error): void {
    this.#answers.fail(error)
  }
}

export const ROLLBACK = simple('rollback')

export function rowsOf(answer: Answer): (string | null)[][] {
  return (answer.results.at(-1)?.rows ?? []).map(readValues)
}

function carried(settings: ReadonlyMap<string, string>): string {
  const set = CARRIED_SETTINGS.flatMap((name) => {
    const value = settings.get(name)
    return value === undefined ? [] : [setting(name, value)]
  })
  const encoding = settings.get('client_encoding')
  return [...set, ...(encoding === undefined ? [] : [setting('client_encoding', encoding)])].join('; ') || 'select'
}

function setting(name: string, value: string): string {
  return `select pg_catalog.set_config(${literal(name)}, ${literal(value)}, true)`
}

/** For a session in which `standard_conforming_strings` is on. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}
