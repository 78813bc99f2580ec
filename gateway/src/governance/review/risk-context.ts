import type { PolicyDocument } from '../policy/policy-document.ts'
import { fitText } from '../recording/fit-entry.ts'
import { requesterOf } from './requester.ts'
import type { OperationRequest } from './review-desk.ts'
import type { ReviewHistory } from './review-history.ts'
import type { RiskContext } from './review.ts'

/** Longer nobody waits for what only helps to decide. */
const PATIENCE_MS = 300
const LATELY = 10
const LATELY_BYTES = 512
/** Each is a search of its own. */
const MAX_OBJECTS = 20
const NAME_BYTES = 1_024

/** What is known about who asks, and what they did until now. Never throws. */
export async function riskContext(
  { session, operationNumber, operation }: Pick<OperationRequest, 'session' | 'operationNumber' | 'operation'>, history: ReviewHistory, { agents }: PolicyDocument,
): Promise<RiskContext> {
  const { identity } = session.admission
  const { objects } = operation.facts
  const [lately, touched] = await Promise.all([
    inTime(() => history.lately(session.id, operationNumber, LATELY)),
    objects.length > MAX_OBJECTS ? undefined : inTime(() => history.touched(requesterOf(identity), session.target.name, objects)),
  ])
  const names = identity.kind === 'agent' ? [identity.name, ...identity.actors] : identity.actors
  return {
    owner: agents.find(({ name }) => names.includes(name))?.owner,
    application: fitText(session.application, NAME_BYTES).value,
    clientAddress: session.clientAddress,
    sessionOpenedAtMs: session.openedAtMs,
    operations: operationNumber - 1,
    refused: session.refused,
    lately: (lately ?? []).slice(-LATELY).map((one) => ({ ...one, text: fitText(one.text, LATELY_BYTES).value })),
    firstTouched: touched && objects.filter((object) => !touched.includes(object)),
  }
}

/** Undefined when it fails or takes too long. */
async function inTime<Result>(ask: () => Promise<Result>): Promise<Result | undefined> {
  const { promise: tooLate, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
  try {
    return await Promise.race([ask(), tooLate])
  } catch {
    return undefined
  } finally {
    clearTimeout(timer)
  }
}
