import type {
  AgentList, FoundOperation, GatewayList, HoldList, IssuerList, LedgerStatus, LockList, LoginProviders, OperationList, PolicySchema, PolicyVersion, ReplayLine,
  SearchAnswer, Session, SessionList, TargetCatalogList, TargetList, TargetUseList, Version, WebSession,
} from '@sallyport/contract'
import { type UseQueryResult, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ask, type PathOf, readSession } from './client.ts'
import { lines } from './lines.ts'
import type { Problem } from './problem.ts'

const LIVE_MS = 5_000

export const useSession = (): UseQueryResult<WebSession | null, Problem> =>
  useQuery({ queryKey: ['session'], queryFn: readSession, staleTime: 60_000, refetchInterval: 60_000 })

const get = <Answer,>(key: string, path: PathOf<Answer>, refetchInterval?: number): UseQueryResult<Answer, Problem> =>
  useQuery({ queryKey: [key, path], queryFn: ({ signal }) => ask<Answer>(path, undefined, signal), ...(refetchInterval !== undefined && { refetchInterval }) })

export const useProviders = () => get<LoginProviders>('providers', '/auth/providers')
export const useVersion = () => get<Version>('version', '/api/v1/version')
export const useGateways = () => get<GatewayList>('gateways', '/api/v1/gateways', LIVE_MS * 2)
export const useIssuers = () => get<IssuerList>('issuers', '/api/v1/issuers', LIVE_MS * 2)
export const useTargets = () => get<TargetList>('targets', '/api/v1/targets')
export const useTargetCatalogs = () => get<TargetCatalogList>('target-catalogs', '/api/v1/targets/catalogs', LIVE_MS * 2)
/** @param may whether the caller would be told */
export const useTargetUse = (may: boolean): UseQueryResult<TargetUseList, Problem> =>
  useQuery({ queryKey: ['target-use'], queryFn: ({ signal }) => ask<TargetUseList>('/api/v1/targets/use', undefined, signal), refetchInterval: LIVE_MS, enabled: may })
export const usePolicy = () => get<PolicyVersion>('policy', '/api/v1/policy')
/** Of the document, for whoever writes it. */
export const usePolicySchema = (wanted: boolean): UseQueryResult<PolicySchema, Problem> =>
  useQuery({ queryKey: ['policy-schema'], queryFn: () => ask<PolicySchema>('/api/v1/policy/schema'), enabled: wanted, staleTime: Infinity })
export const useLedgerStatus = () => get<LedgerStatus>('ledger', '/api/v1/ledger/status', LIVE_MS)
export const useLocks = () => get<LockList>('locks', '/api/v1/locks', LIVE_MS)
export const useHolds = () => get<HoldList>('holds', '/api/v1/holds')
export const useAgents = (filter: string) => get<AgentList>('agents', `/api/v1/agents${filter as '' | `?${string}`}`, LIVE_MS * 2)
export const useNewestSessions = () => get<SessionList>('sessions', '/api/v1/sessions?limit=200', LIVE_MS)
export const useOneSession = (id: string) => get<Session>('session-detail', `/api/v1/sessions/${encodeURIComponent(id)}`, LIVE_MS)

/** Pages of sessions, newest first, fetched as they are scrolled to. */
export function useSessions() {
  return useInfiniteQuery<SessionList, Problem, readonly Session[], readonly string[], string | null>({
    queryKey: ['sessions', 'pages'],
    queryFn: ({ pageParam, signal }) => ask<SessionList>(`/api/v1/sessions?limit=200${pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`}`, undefined, signal),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap(({ sessions }) => sessions),
  })
}

export function useSearch(q: string) {
  return useInfiniteQuery<SearchAnswer, Problem, { readonly found: readonly FoundOperation[]; readonly complete: boolean }, readonly string[], string | null>({
    queryKey: ['search', q],
    queryFn: ({ pageParam, signal }) => ask<SearchAnswer>(`/api/v1/sessions/search?limit=100&q=${encodeURIComponent(q)}${pageParam === null ? '' : `&after=${pageParam}`}`, undefined, signal),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => ({ found: pages.flatMap(({ operations }) => operations), complete: pages.at(-1)?.complete ?? true }),
    enabled: q !== '',
  })
}

/** @param after number of the operation after which the first page begins */
export function useOperations(session: string, after: number) {
  return useInfiniteQuery<OperationList, Problem, OperationList['operations'], readonly (string | number)[], number>({
    queryKey: ['operations', session, after],
    queryFn: ({ pageParam, signal }) => ask<OperationList>(`/api/v1/sessions/${encodeURIComponent(session)}/operations?limit=200&after=${pageParam}`, undefined, signal),
    initialPageParam: after,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap(({ operations }) => operations),
  })
}

/** What an agent got, as it was recorded; that it was looked at goes on record. */
const MAX_REPLAY_LINES = 20_000

export function useReplay(session: string, wanted: boolean): UseQueryResult<{ readonly lines: readonly ReplayLine[]; readonly whole: boolean }, Problem> {
  return useQuery({
    queryKey: ['replay', session], enabled: wanted, staleTime: Infinity,
    queryFn: async ({ signal }) => {
      const stop = new AbortController()
      signal.addEventListener('abort', () => stop.abort())
      const read: ReplayLine[] = []
      for await (const line of lines<ReplayLine>(`/api/v1/sessions/${encodeURIComponent(session)}/replay`, stop.signal)) {
        if (line.type === 'end') return { lines: read, whole: true }
        if (read.push(line) >= MAX_REPLAY_LINES) break
      }
      return { lines: read, whole: false }
    },
  })
}
