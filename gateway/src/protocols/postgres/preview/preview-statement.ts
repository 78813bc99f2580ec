import type { Preview } from '../../../governance/review/preview.ts'
import { MAX_SAMPLE } from '../../../governance/review/preview.ts'
import { changesInWith, readChange, type ChangeStatement } from '../../../sql/preview/change-statement.ts'
import { countingOf, relationRows, type Counting } from '../../../sql/preview/counting.ts'
import type { Upstream } from '../upstream.ts'
import { NoAnswer } from './answers.ts'
import { countRows, readsOnly, sampleRows } from './count-rows.ts'
import { estimateRows } from './estimate-rows.ts'
import { because, COPY_NOTE, isPassing, lockNote, TRANSACTION_NOTE } from './notes.ts'
import { PREVIEW_TIMEOUTS, type PreviewOptions } from './preview-options.ts'
import { PreviewSession } from './preview-session.ts'
import { rehearse } from './rehearse.ts'
import { riskOf } from './rehearsal-risks.ts'
import { typesAreHarmless } from './harmless-types.ts'
import { readFacts, type StatementFacts } from './statement-facts.ts'

export type { PreviewOptions } from './preview-options.ts'
export type { BoundParameters } from './questions.ts'

type Draft = { -readonly [key in keyof Preview]: Preview[key] } & { notes: string[] }

/**
 * Finds out which rows one INSERT, UPDATE, DELETE or MERGE would change, over a connection of its own that it closes.
 * Never fails, and is done when the time of its timeouts is over: what could not be found out stands in the notes.
 */
export async function previewStatement(options: PreviewOptions): Promise<Preview> {
  const draft: Draft = { method: 'none', rows: undefined, atMost: false, tables: [], sample: [], notes: [] }
  const timeouts = options.timeouts ?? PREVIEW_TIMEOUTS
  const deadline = performance.now() + timeouts.overallMs
  const connection = new PreviewConnection(options)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeouts.overallMs)
  })
  const work = fill(draft, options, connection, deadline).catch((error: unknown) => {
    if (!connection.isOver) draft.notes.push(`The preview could not be finished: ${error instanceof NoAnswer ? error.message : 'an internal error'}.`)
  })
  await Promise.race([work, late.then(() => draft.notes.push('The preview could not be finished in time.'))])
  clearTimeout(timer)
  // What is still under way must not change what was given away.
  const { method, rows, atMost, tables, sample, notes } = draft
  connection.end()
  return { method, rows, atMost, tables, sample, notes: [...notes] }
}

/** The upstream of one preview, which may come after its time is over. */
class PreviewConnection {
  isOver = false
  #upstream: Upstream | undefined
  readonly #options: PreviewOptions

  constructor(options: PreviewOptions) {
    this.#options = options
  }

  async open(): Promise<Upstream> {
    let upstream: Upstream
    try {
      upstream = await this.#options.connect()
    } catch {
      throw new NoAnswer('the target could not be reached')
    }
    if (this.isOver) {
      upstream.connection.destroy()
      throw new NoAnswer('it came too late')
    }
    this.#upstream = upstream
    return upstream
  }

  /** A connection that is closed already needs no more than that. */
  end(): void {
    this.isOver = true
    const upstream = this.#upstream
    if (upstream?.connection.isOpen !== true) return
    this.#options.cancel?.(upstream)
    upstream.connection.destroy()
  }

  finished(session: PreviewSession): void {
    session.close()
    this.#upstream = undefined
  }
}

async function fill(draft: Draft, options: PreviewOptions, connection: PreviewConnection, deadline: number): Promise<void> {
  const { analysis, text, inTransaction } = options
  const note = (words: string) => draft.notes.push(words)
  if (analysis.facts.unknown) return void note('The statement could not be analysed, so nothing of it is tried.')
  if (analysis.facts.maskViolation !== undefined) return void note('The statement uses masked columns where it must not, so nothing of it is tried.')
  if (analysis.mayCopyIn && analysis.facts.actions.includes('copy-in')) note(COPY_NOTE)
  const statement = readChange(text)
  if (typeof statement === 'string') return void note(statement)
  if (inTransaction) note(TRANSACTION_NOTE)
  const upstream = await connection.open()
  const session = await PreviewSession.open(upstream, options, deadline, options.timeouts ?? PREVIEW_TIMEOUTS)
  const counting = countingOf(statement, MAX_SAMPLE)
  const facts = await readFacts(session, statement, counting.listed?.functions ?? [], counting.functions)
  if (typeof facts === 'string') return void note(`Nothing was counted: ${because(facts)}.`)
  note(lockNote(facts.target, statement.kind === 'insert', inTransaction))
  if (facts.temporary) return void note('A temporary table has a name that the statement uses, and another connection does not see it: nothing was counted.')
  if (facts.rules) return void note(`Rules on ${facts.target} replace the statement or add to it: what it would change is not known.`)
  if (facts.ambiguous && !options.settings.has('search_path')) return void note('Several tables have a name that the statement uses, and which one the session means is not known: nothing was counted.')
  const types = await session.typesOf(text)
  if (typeof types === 'string') return void note(`Nothing was counted: ${because(types)}.`)
  if (!(await typesAreHarmless(session, types, options))) return void note('A parameter is of a type that runs code of somebody when a value is made: nothing was counted.')
  const chance = [...(facts.volatile === '' ? [] : [facts.volatile]), ...(counting.sampled ? ['TABLESAMPLE'] : [])].join(', ')
  if (chance !== '') note(`Which rows it changes is another matter each time (${chance}): the number may be another one when it runs.`)
  if (changesInWith(statement.fields)) note('Its WITH queries change rows too: the number of rows, when counted, is only that of the statement itself.')
  const work = { options, statement, counting, session, facts, types }
  if (options.how === 'count' || !(await tryOut(draft, work))) await count(draft, work)
  connection.finished(session)
}

interface Work {
  readonly options: PreviewOptions
  readonly statement: ChangeStatement
  readonly counting: Counting
  readonly session: PreviewSession
  readonly facts: StatementFacts
  readonly types: readonly number[]
}

/** @returns false when it has to be counted instead */
async function tryOut(draft: Draft, { options, statement, session, facts, types }: Work): Promise<boolean> {
  const risk = await riskOf(session, facts, options.analysis)
  if (risk !== undefined) {
    draft.notes.push(risk)
    return false
  }
  const rehearsed = await rehearse(session, statement, types, options, draft.notes)
  if (typeof rehearsed === 'string') {
    draft.notes.push(`${isPassing(rehearsed) ? 'The rehearsal was given up' : 'It failed when it was rehearsed, as it would now'}: ${because(rehearsed)}.`)
    return false
  }
  Object.assign(draft, { ...rehearsed, method: 'rehearsed' })
  return true
}

async function count(draft: Draft, { options, statement, counting, session, facts, types }: Work): Promise<void> {
  if (facts.foreign) return void draft.notes.push('It names a foreign table: the rows were not counted, because its server, program or file would be asked.')
  // A number that leaves out what the WITH queries change would look like a bound.
  const counted = changesInWith(statement.fields) ? undefined : await countRows(session, counting, types, options, facts.returnsSets)
  if (typeof counted === 'object') {
    draft.method = 'counted'
    draft.rows = counted.rows
    draft.atMost = counted.atMost || facts.rowTriggers || facts.rowSecurity
    if (facts.rowTriggers) draft.notes.push(`Triggers on ${facts.target} may leave rows out.`)
    if (facts.triggers) draft.notes.push(`What the triggers on ${facts.target} change besides was not counted.`)
    if (facts.cascades !== '') draft.notes.push(`Rows that refer to those may change with them, and were not counted: in ${facts.cascades}.`)
    draft.sample = await sampleRows(session, counting, types, options)
    return
  }
  draft.notes.push(`The rows were not counted: ${counted === undefined ? 'that cannot be done without changing something' : because(counted)}.`)
  const estimate = readsOnly(relationRows(statement), options) ? await estimateRows(session, statement, types) : undefined
  if (estimate === undefined) return
  draft.method = 'estimated'
  draft.rows = estimate
  draft.notes.push('The number is what the planner of the target guesses; it can be far from the truth.')
}
