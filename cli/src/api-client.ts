import {
  type AccessRequest, type AnswerRequest, Grant, GrantList, Review, ReviewLine, ReviewList, ApiError, SealedOriginals, Hold, HoldList, type HoldRequest, Lock, LockList, type LockRequest, TokenRevocation, OAuthError, routes, SessionDetail, SessionList, type Target, TargetList, TOKEN_EXCHANGE_GRANT, TokenExchangeResponse,
  SshAuthorities, SshCertificate, type SshCertificateRequest,
  PolicyApplied, ReplayLine, SearchAnswer, WhoAmI,
  Agent,AgentChange,AgentList,type AgentRequest,Campaign,type CampaignApplication,type CampaignClosing,type CampaignDecision,CampaignList,type CampaignRequest,type PruneRequest
} from '@sallyport/contract'
import type { z } from 'zod'
import { EXIT, exitStatusOf, Failure } from './failure.ts'
import { causeOf } from './identity-token.ts'
import { linesOf } from './lines-of.ts'

const TIMEOUT_MS = 30_000

/** Calls the control API as one identity. Every method throws a Failure when it is refused or gets no sense. */
export class ApiClient {
  readonly #base: string
  readonly #token: string

  constructor(base: string, token: string) {
    this.#base = base
    this.#token = token
  }

  /** Origin of the gateway. */
  get gateway(): string {
    return new URL(this.#base).origin
  }

  whoAmI(): Promise<WhoAmI> {
    return this.#get(routes.whoami, WhoAmI)
  }

  async targets(): Promise<readonly Target[]> {
    return (await this.#get(routes.targets, TargetList)).targets
  }

  async target(name: string): Promise<Target> {
    const targets = await this.targets()
    const target = targets.find((one) => one.name === name)
    if (target !== undefined) return target
    const known = targets.map((one) => one.name).join(', ')
    throw new Failure(`there is no target "${name}" that you may open`,
      known === '' ? 'You may open none; ask an operator.' : `You may open ${known}.`, EXIT.refused)
  }

  sshAuthorities(): Promise<SshAuthorities> {
    return this.#get(routes.sshAuthorities, SshAuthorities)
  }

  sshCertificate(request: SshCertificateRequest): Promise<SshCertificate> {
    return this.#send('POST', routes.sshCertificates, SshCertificate, request)
  }

  sessions(limit: number, after: string | undefined): Promise<SessionList> {
    const query = new URLSearchParams({ limit: String(limit), ...(after === undefined ? {} : { after }) })
    return this.#get(`${routes.sessions}?${query.toString()}`, SessionList)
  }

  session(id: string): Promise<SessionDetail> {
    return this.#get(routes.session(id), SessionDetail)
  }

  search(query: string, limit: number, after: string | undefined): Promise<SearchAnswer> {
    const parameters = new URLSearchParams({ q: query, limit: String(limit), ...(after === undefined ? {} : { after }) })
    return this.#get(`${routes.search}?${parameters.toString()}`, SearchAnswer)
  }

  /** The lines of a replay, as they come. */
  replay(id: string): AsyncGenerator<ReplayLine> {
    return this.#lines(routes.sessionReplay(id), ReplayLine)
  }

  /** The same of a session that goes on, until it ends. @param output with what its agent gets */
  follow(id: string, output: boolean): AsyncGenerator<ReplayLine> {
    return this.#lines(`${routes.sessionEvents(id)}${output ? '?output=lines' : ''}`, ReplayLine)
  }

  async export(id: string, format: string, operation: number | undefined): Promise<ReadableStream<Uint8Array>> {
    const query = new URLSearchParams({ format, ...(operation === undefined ? {} : { operation: String(operation) }) })
    return this.#stream(`${routes.sessionExport(id)}?${query.toString()}`)
  }

  /** A session's bundle, which may be long: only its beginning has a time limit. */
  async bundle(session: string, sealed: boolean): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(`${routes.bundle(session)}${sealed ? '?key=none' : ''}`, {}, true, true)
    if (!response.ok || response.body === null) throw await apiFailure(response)
    return response.body
  }

  /** A session's masked values, sealed to the auditor. */
  async *originals(session: string): AsyncGenerator<Buffer> {
    for await (const text of linesOf(await this.#stream(routes.sessionOriginals(session)))) {
      const line = SealedOriginals.safeParse(readJson(text))
      if (!line.success) throw new Failure('the gateway sent what this command does not know', 'Use a command of the gateway\'s version.')
      yield Buffer.from(line.data.sealed, 'base64')
    }
  }

  /** @returns `asked` when the gateway that has it has not confirmed it yet */
  async endSession(id: string): Promise<'ended' | 'asked'> {
    const response = await this.#fetch(routes.session(id), { method: 'DELETE' })
    if (!response.ok) throw await apiFailure(response)
    return response.status === 202 ? 'asked' : 'ended'
  }

  locks(): Promise<LockList> {
    return this.#get(routes.locks, LockList)
  }

  placeLock(request: LockRequest): Promise<Lock> {
    return this.#send('POST', routes.locks, Lock, request)
  }

  async liftLock(kind: Lock['kind'], name: string, reason: string): Promise<void> {
    const query = new URLSearchParams({ reason })
    const response = await this.#fetch(`${routes.lock(kind, name)}?${query.toString()}`, { method: 'DELETE' })
    if (!response.ok) throw await apiFailure(response)
  }

  revokeToken(id: string): Promise<TokenRevocation> {
    return this.#send('POST', routes.tokenRevocation(id), TokenRevocation)
  }

  /** RFC 7009: the token itself is the proof. */
  async revokeHeldToken(token: string): Promise<void> {
    const response = await this.#fetch(routes.revocation, { method: 'POST', body: new URLSearchParams({ token }) }, false)
    if (!response.ok) throw await oauthFailure(response)
  }

  agents(filters: Readonly<Record<string, string>>): Promise<AgentList> {
    return this.#get(`${routes.agents}?${new URLSearchParams(filters).toString()}`, AgentList)
  }

  agent(name: string): Promise<Agent> {
    return this.#get(routes.agent(name), Agent)
  }

  addAgent(request: AgentRequest): Promise<AgentChange> {
    return this.#send('POST', routes.agents, AgentChange, request)
  }

  removeAgent(name: string, policyVersion: number | undefined): Promise<AgentChange> {
    return this.#send('DELETE', `${routes.agent(name)}${policyVersion === undefined ? '' : `?policyVersion=${policyVersion}`}`, AgentChange)
  }

  pruneAgents(request: PruneRequest): Promise<AgentChange> {
    return this.#send('POST', routes.agentPrune, AgentChange, request)
  }

  campaigns(): Promise<CampaignList> {
    return this.#get(routes.campaigns, CampaignList)
  }

  campaign(id: string): Promise<Campaign> {
    return this.#get(routes.campaign(id), Campaign)
  }

  openCampaign(request: CampaignRequest): Promise<Campaign> {
    return this.#send('POST', routes.campaigns, Campaign, request)
  }

  decideOnAgent(id: string, decision: CampaignDecision): Promise<Campaign> {
    return this.#send('POST', routes.campaignDecisions(id), Campaign, decision)
  }

  closeCampaign(id: string, closing: CampaignClosing): Promise<Campaign> {
    return this.#send('POST', routes.campaignClosing(id), Campaign, closing)
  }

  applyCampaign(id: string, application: CampaignApplication): Promise<AgentChange> {
    return this.#send('POST', routes.campaignApplication(id), AgentChange, application)
  }

  holds(): Promise<HoldList> {
    return this.#get(routes.holds, HoldList)
  }

  placeHold(request: HoldRequest): Promise<Hold> {
    return this.#send('POST', routes.holds, Hold, request)
  }

  async releaseHold(kind: Hold['kind'], subject: string, reason: string): Promise<void> {
    const query = new URLSearchParams({ reason })
    const response = await this.#fetch(`${routes.hold(kind, subject)}?${query.toString()}`, { method: 'DELETE' })
    if (!response.ok) throw await apiFailure(response)
  }

  reviews(state: Review['state'] | undefined, limit: number, after: string | undefined): Promise<ReviewList> {
    const query = new URLSearchParams({ limit: String(limit), ...(state === undefined ? {} : { state }), ...(after === undefined ? {} : { after }) })
    return this.#get(`${routes.reviews}?${query.toString()}`, ReviewList)
  }

  review(id: string): Promise<Review> {
    return this.#get(routes.review(id), Review)
  }

  /** What is open, then what comes, until the gateway ends it. */
  reviewEvents(): AsyncGenerator<ReviewLine> {
    return this.#lines(routes.reviewEvents, ReviewLine)
  }

  answerReview(id: string, answer: AnswerRequest): Promise<Review> {
    return this.#send('POST', routes.reviewAnswers(id), Review, answer)
  }

  withdrawReview(id: string): Promise<Review> {
    return this.#send('DELETE', routes.review(id), Review)
  }

  requestAccess(request: AccessRequest): Promise<Review> {
    return this.#send('POST', routes.access, Review, request)
  }

  breakGlass(request: AccessRequest): Promise<Grant> {
    return this.#send('POST', routes.breakGlass, Grant, request)
  }

  grants(): Promise<GrantList> {
    return this.#get(routes.access, GrantList)
  }

  endGrant(id: string): Promise<Grant> {
    return this.#send('DELETE', routes.grant(id), Grant)
  }

  async applyPolicy(text: string): Promise<PolicyApplied> {
    const response = await this.#fetch(routes.policy, {
      method: 'POST', headers: { 'content-type': 'application/yaml' }, body: text,
    })
    return this.#read(response, PolicyApplied)
  }

  /** RFC 8693: the identity token for a short-lived one that opens `target`. */
  async sessionToken(target: string, purpose: string | undefined, singleUse = false): Promise<TokenExchangeResponse> {
    const response = await this.#fetch(routes.token, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: TOKEN_EXCHANGE_GRANT,
        subject_token: this.#token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        audience: target,
        ...(purpose === undefined ? {} : { purpose }),
        ...(singleUse && { single_use: 'true' }),
      }),
    }, false)
    if (response.ok) return this.#read(response, TokenExchangeResponse)
    throw await oauthFailure(response)
  }

  async *#lines<Schema extends z.ZodType>(path: string, schema: Schema): AsyncGenerator<z.output<Schema>> {
    const stream = await this.#stream(path)
    for await (const text of linesOf(stream)) {
      const line = schema.safeParse(readJson(text))
      // A newer gateway may say more than this command knows.
      if (line.success) yield line.data
    }
  }

  async #stream(path: string): Promise<ReadableStream<Uint8Array>> {
    const response = await this.#fetch(path, {}, true, true)
    if (!response.ok) throw await apiFailure(response)
    if (response.body === null) throw noSense(response)
    return response.body
  }

  async #get<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> {
    return this.#read(await this.#fetch(path, {}), schema)
  }

  async #send<Schema extends z.ZodType>(method: 'POST' | 'DELETE', path: string, schema: Schema, body?: object): Promise<z.output<Schema>> {
    const init = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return this.#read(await this.#fetch(path, { method, ...init }), schema)
  }

  async #read<Schema extends z.ZodType>(response: Response, schema: Schema): Promise<z.output<Schema>> {
    if (!response.ok) throw await apiFailure(response)
    const parsed = schema.safeParse(await response.json().catch(() => undefined))
    if (!parsed.success) throw noSense(response)
    return parsed.data
  }

  /** @param unending whether only the answer's beginning must come in time */
  async #fetch(path: string, init: RequestInit, authorized = true, unending = false): Promise<Response> {
    const headers = new Headers(init.headers)
    if (authorized) headers.set('authorization', `Bearer ${this.#token}`)
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(new Error('no answer in time')), TIMEOUT_MS)
    try {
      const signal = unending ? late.signal : AbortSignal.timeout(TIMEOUT_MS)
      // A redirect would take the token to another place.
      return await fetch(new URL(path, this.#base), { ...init, headers, redirect: 'error', signal })
    } catch (error) {
      throw new Failure(`the gateway at ${this.#base} does not answer: ${causeOf(error)}`,
        'Check that it runs, and the address in --api or SALLYPORT_API.')
    } finally {
      clearTimeout(timer)
    }
  }
}

async function oauthFailure(response: Response): Promise<Failure> {
  const error = OAuthError.safeParse(await response.json().catch(() => undefined))
  if (!error.success) return noSense(response)
  const { error: code, error_description: message, hint } = error.data
  return new Failure(message, hint ?? 'Get a fresh token from your identity provider and try again.', exitStatusOf(code))
}

async function apiFailure(response: Response): Promise<Failure> {
  const error = ApiError.safeParse(await response.json().catch(() => undefined))
  if (!error.success) return noSense(response)
  const { code, message, hint, problems } = error.data
  const places = problems?.map(({ line, column, message: words }) => `\n  ${line ?? '?'}:${column ?? '?'} ${words}`).join('') ?? ''
  return new Failure(message + places, hint, exitStatusOf(code))
}

function noSense(response: Response): Failure {
  return new Failure(`the answer from ${new URL(response.url).origin} (${response.status}) is none of a sallyport gateway of this version`,
    'Check the address in --api or SALLYPORT_API.')
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
