import type { Review, ReviewPreview, ReviewRisk } from '@sallyport/contract'
import { colourOf, colours } from '../../terminal/colours.ts'
import { boxedText, labelledText } from '../../terminal/boxed-text.ts'
import { shorten } from '../../terminal/plain-text.ts'
import { answerWords, stateWords, whoWords } from './review-words.ts'
import { sampleTable, tableChanges } from './sample-table.ts'

type OperationReview = Extract<Review, { kind: 'operation' }>

/**
 * Everything that a reviewer is to see, for a terminal.
 * @param columns of the terminal: nothing of others is wrapped by it; Infinity where nothing wraps
 */
export function reviewCard(review: Review, columns: number): string {
  const line: Line = (name, words) => labelledText(label(name), words, columns)
  const parts = [head(review, line), review.kind === 'operation' ? operationPart(review, columns, line) : accessPart(review, columns), demandLines(review, line)]
  if (review.answers.length > 0) parts.push(review.answers.map((answer) => labelledText(`${answer.at}  `, answerWords(answer), columns)).join('\n'))
  if (review.mayAnswer) parts.push(`Answer with: sallyport review approve ${review.id}\n         or: sallyport review deny ${review.id} --reason "…"`)
  return parts.join('\n\n')
}

function head(review: Review, line: Line): string {
  const { requester, labels, purpose } = review
  const marks = Object.entries(labels).map(([name, value]) => `${name}=${value}`).join(' ')
  const risk = review.kind === 'operation' ? review.card.risk : null
  return [
    `${colours.bold(review.id)}  ${stateWords(review)}`,
    line('Who', `${whoWords(review)} (${requester.kind}, by ${requester.issuer})`),
    line('On', `${review.target}${marks === '' ? '' : ` (${marks})`}`),
    line('Purpose', purpose === '' ? 'none was declared' : purpose),
    ...(risk === null ? [] : riskLines(risk, line)),
    ...(review.kind === 'operation' ? [line('Session', `${review.session}, operation ${review.operation}, ${review.protocol}`)] : []),
    line('Asked', `${review.createdAt}, ${review.state === 'approved' ? 'may be used' : 'may be answered'} until ${review.expiresAt}`),
  ].join('\n')
}

function riskLines({ owner, application, clientAddress, sessionOpenedAt, operations, refused, firstTouched }: ReviewRisk, line: Line): string[] {
  const touched = firstTouched === null ? 'not known' : firstTouched.length === 0 ? 'nothing: it was here before' : firstTouched.join(', ')
  return [
    ...(owner === null ? [] : [line('Owner', owner)]),
    line('Client', `${application} from ${clientAddress}; session open since ${sessionOpenedAt}, ${operations} operations before, ${refused} refused`),
    firstTouched === null || firstTouched.length === 0 ? line('First touch', touched) : colours.yellow(line('First touch', touched)),
  ]
}

function operationPart(review: OperationReview, columns: number, line: Line): string {
  const { card, rowLimit } = review
  const lines = [boxedText(card.text, columns)]
  if (card.textTruncated) lines.push(colours.red('This is not the whole of it: the text, a definition or a parameter is longer than what is shown here.'))
  if (card.definitions.length > 0) lines.push('', 'What names in it stand for:', ...card.definitions.map((text) => boxedText(text, columns)))
  if (card.parameters.length > 0) {
    lines.push('', 'Parameters:', ...card.parameters.map((value, index) => boxedText(`$${index + 1} = ${value === null ? 'null' : JSON.stringify(value)}`, columns)))
  }
  lines.push('', line('Does', `${card.actions.join(', ')} on ${card.objects.length === 0 ? 'nothing that is named' : card.objects.join(', ')}`))
  if (!card.filtered && card.actions.some((action) => action === 'update' || action === 'delete')) lines.push(line('Filter', 'none: every row'))
  if (card.inTransaction) lines.push(line('Transaction', 'open: others may wait for its locks while this waits'))
  // Of one's own there is no risk context, and no preview before people have said yes.
  const untold = card.risk === null && card.preview === null && review.state !== 'approved' && review.state !== 'used'
  lines.push(...(untold ? [line('Touches', 'told to those who may answer, and to you once it is approved')] : previewLines(card.preview, rowLimit, columns, line)))
  if (card.risk !== null && card.risk.lately.length > 0) {
    lines.push('', 'Lately in this session:', ...card.risk.lately.map(({ at, decision, text }) => labelledText(`  ${at}  ${decision.padEnd(6)}  `, shorten(text, 120), columns)).map((words, index) => colourOf(card.risk?.lately[index]?.decision ?? 'review')(words)))
  }
  return lines.join('\n')
}

const METHODS = { rehearsed: 'found by running it and rolling back', counted: 'counted with the same filter', estimated: 'guessed by the planner', none: '' } as const

function previewLines(preview: ReviewPreview | null, rowLimit: number | null, columns: number, line: Line): string[] {
  const limit = rowLimit === null ? 'no limit holds when it runs' : `more than ${rowLimit} are rolled back`
  if (preview === null) return [line('Touches', `not known: nobody looked; ${limit}`)]
  const { rows, atMost, method, tables, sample, notes } = preview
  const known = rows === null ? 'not known' : `${atMost ? 'at most ' : ''}${rows} ${rows === 1 ? 'row' : 'rows'}${METHODS[method] === '' ? '' : `, ${METHODS[method]}`}`
  return [
    line('Touches', `${known}; ${limit}`),
    ...notes.map((note) => line('Note', note)),
    ...(tables.length === 0 ? [] : ['', tableChanges(tables, columns)]),
    ...(sample.length === 0 ? [] : ['', 'Before (-) and after (+), masked, some of the rows:', sampleTable(sample, columns)]),
  ]
}

function accessPart({ minutes, rule, reason }: Extract<Review, { kind: 'access' }>, columns: number): string {
  return `${labelledText('Asks for access ', `for ${minutes} minutes, while which rule ${rule} holds, because:`, columns)}\n${boxedText(reason, columns)}`
}

function demandLines({ demands, policyVersion }: Review, line: Line): string {
  return demands.map(({ rule, reviewers, approvals, missing }) => (
    line('Rule', `${missing === 0 ? 'satisfied' : `${missing} still missing`}: ${rule} (policy ${policyVersion}) wants ${approvals} of ${reviewers.join(', ')}`))).join('\n')
}

/** Words behind their name, on the card's own columns. */
type Line = (name: string, words: string) => string

function label(name: string): string {
  return `${name}:`.padEnd(13)
}
