import { type FoundOperation, type SearchAnswer, SearchRequest } from '@sallyport/contract'
import type { Context } from 'hono'
import { type FoundOperation as Found, IndexUnavailable, type SearchResult } from '../governance/recording/operation-index.ts'
import { parseSearch } from '../governance/recording/parse-search.ts'
import { type SearchQuery, SearchSyntaxError } from '../governance/recording/search-query.ts'
import { ApiFailure } from './api-failure.ts'
import type { ApiServices } from './api-services.ts'
import { callerOf } from './caller.ts'
import { ownerOf, seesAll } from './session-access.ts'

/** Characters of a statement in a list of many. */
const MAX_TEXT = 2_000

export async function searchSessions(context: Context, services: ApiServices): Promise<Response> {
  const caller = await callerOf(context, services)
  const request = SearchRequest.safeParse(context.req.query())
  if (!request.success) {
    throw new ApiFailure('invalid-request', 'q, limit or after is wrong', 'Give a query of at most 2,000 characters, a limit from 1 to 200; after is the `next` of the page before.')
  }
  const { q, limit, after } = request.data
  const page = { limit, ...(after === undefined ? {} : { after }), ...(seesAll(caller) ? {} : { owner: ownerOf(caller) }) }
  const { operations, next, indexed, entries } = await search(services, readQuery(q), page)
  const body: SearchAnswer = { operations: operations.map(toFound), next: next ?? null, complete: indexed >= entries, indexed, entries }
  return context.json(body)
}

function readQuery(q: string): SearchQuery {
  try {
    return parseSearch(q, Date.now())
  } catch (error) {
    if (!(error instanceof SearchSyntaxError)) throw error
    throw new ApiFailure('invalid-request', `the query is wrong at character ${error.position}: ${error.message}`, error.hint, [{ line: 1, column: error.position, message: error.message }])
  }
}

async function search(services: ApiServices, ...asked: Parameters<ApiServices['reading']['search']>): Promise<SearchResult> {
  try {
    return await services.reading.search(...asked)
  } catch (error) {
    if (error instanceof IndexUnavailable) throw new ApiFailure('unavailable', `nothing can be searched now: ${error.message}`, 'Try again in a moment, or ask for less.')
    throw error
  }
}

function toFound(found: Found): FoundOperation {
  const { identity, text, textTruncated, decision, rule, policyVersion, completed, failed, aborted, first, last, ...same } = found
  const moment = ({ number, atMs }: Found['first']) => ({ number, at: new Date(atMs).toISOString() })
  return {
    ...same,
    identity: { name: identity.name, kind: identity.kind, issuer: identity.issuer },
    actors: [...found.actors], actions: [...found.actions], objects: [...found.objects], codes: [...found.codes],
    text: text.slice(0, MAX_TEXT).toWellFormed(), textTruncated: textTruncated || text.length > MAX_TEXT,
    decision: { effect: decision, rule, policyVersion },
    outcomes: { completed, failed, aborted }, first: moment(first), last: moment(last),
  }
}
