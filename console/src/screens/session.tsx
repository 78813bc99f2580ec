import { Anchor, Button, Group, Paper, Stack, Text } from '@mantine/core'
import type { SessionOperation } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useLocation, useParams } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'
import { ask } from '../api/client.ts'
import { useLiveOperations } from '../api/live-session.ts'
import type { Problem } from '../api/problem.ts'
import { useOneSession, useOperations, useReplay, useSession } from '../api/queries.ts'
import { VerifyOperation } from '../ledger/verify-operation.tsx'
import { State } from '../parts/badges.tsx'
import { Facts } from '../parts/facts.tsx'
import { counted } from '../parts/counted.ts'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Statement } from '../parts/statement.tsx'
import { resultsOf } from './results-of.ts'
import { Result } from './session-result.tsx'

const TerminalReplay = lazy(() => import('./terminal-replay.tsx').then(({ TerminalReplay: component }) => ({ default: component })))

const ON_FIRST_PAGE = 200
const BEFORE_LINKED = 100

/** One session from its first operation to its last, with what its agent got. */
export function Session() {
  const { session: id } = useParams({ strict: false }) as { session: string }
  const session = useOneSession(id)
  const { hash } = useLocation()
  const linked = Number(/^operation-(\d{1,9})$/.exec(hash)?.[1] ?? 0)
  // A link to one far down opens the page on which it is.
  const [after, setAfter] = useState(() => (linked > ON_FIRST_PAGE ? linked - BEFORE_LINKED : 0))
  const operations = useOperations(id, after)
  const [shown, setShown] = useState<'nothing' | 'results' | 'terminal'>('nothing')
  const replay = useReplay(id, shown === 'results')
  const results = replay.data === undefined ? undefined : resultsOf(replay.data.lines)
  const open = session.data?.state === 'open'
  const live = useLiveOperations(id, open)
  const log = live ?? operations.data
  const there = log?.some(({ number }) => number === linked) ?? false
  useEffect(() => {
    if (there) document.getElementById(`operation-${linked}`)?.scrollIntoView({ block: 'center' })
  }, [there, linked])
  return (
    <Page title="Session" about={id} actions={session.data && open && <EndSession id={id} />}>
      <Pending of={session}>
        {({ identity, actors, target, protocol, purpose, clientAddress, application, openedAt, closedAt, reason, state }) => (
          <Paper withBorder p="md">
            <Facts of={[
              ['State', <State key="state" word={state} />],
              ['Who', `${identity.name} (${identity.kind}, by ${identity.issuer})${actors.length > 0 ? `, through ${actors.join(', ')}` : ''}`],
              ['Target', `${target} (${protocol})`],
              ['Purpose', purpose],
              ['From', `${clientAddress}${application === '' ? '' : `, ${application}`}`],
              ['Opened', <Moment key="opened" at={openedAt} />],
              ['Closed', closedAt === null ? undefined : <span key="closed"><Moment at={closedAt} />{reason === null ? '' : `: ${plainText(reason)}`}</span>],
            ]} />
          </Paper>
        )}
      </Pending>
      <Group gap="xs">
        <Button size="xs" variant={shown === 'results' ? 'filled' : 'default'} onClick={() => setShown(shown === 'results' ? 'nothing' : 'results')} loading={shown === 'results' && replay.isLoading}>Results</Button>
        <Button size="xs" variant={shown === 'terminal' ? 'filled' : 'default'} onClick={() => setShown(shown === 'terminal' ? 'nothing' : 'terminal')}>{open ? 'Watch the terminal' : 'Replay as a terminal'}</Button>
        <Text size="sm">Export:</Text>
        {(['jsonl', 'csv', 'asciicast', 'ocsf'] as const).map((format) => (
          <Anchor key={format} size="sm" href={`/api/v1/sessions/${encodeURIComponent(id)}/export?format=${format}`} download>{format}</Anchor>
        ))}
        <Text size="xs" c="dimmed">That somebody looks at what was recorded goes on record.</Text>
      </Group>
      {shown === 'results' && replay.error !== null && <ProblemAlert error={replay.error} />}
      {shown === 'terminal' && <Suspense fallback={<Text>Loading the player …</Text>}><TerminalReplay session={id} live={open} /></Suspense>}
      {after > 0 && live === undefined && <Button variant="default" onClick={() => setAfter(0)}>From the first operation</Button>}
      {live !== undefined && (live[0]?.number ?? 1) > 1 && <Text size="sm">The newest {live.length.toLocaleString()} operations, as they happen; the ones before are shown when the session has ended.</Text>}
      <Pending of={{ data: log, error: operations.error }}>
        {(shownLog) => shownLog.length === 0 ? <Empty title="No operation yet">What the agent sends is shown here as it is decided.</Empty> : (
          <Stack component="ol" gap="md" p={0} m={0} style={{ listStyle: 'none' }}>
            {shownLog.map((operation) => (
              <li key={operation.number} id={`operation-${operation.number}`} className={operation.number === linked ? 'linked' : undefined}>
                <Operation operation={operation} session={id} />
                {results?.get(operation.number)?.map((result, index) => (
                  // Results of one operation never change places.
                  <Result key={index} result={result} />
                ))}
              </li>
            ))}
          </Stack>
        )}
      </Pending>
      {operations.hasNextPage && live === undefined && <Button variant="default" onClick={() => void operations.fetchNextPage()} loading={operations.isFetchingNextPage}>More</Button>}
    </Page>
  )
}

function Operation({ operation, session }: { readonly operation: SessionOperation; readonly session: string }) {
  const { number, at, text, textTruncated, decision, outcome } = operation
  return (
    <Stack gap={4}>
      <Group gap="xs">
        <Anchor size="sm" fw={700} href={`#operation-${number}`} aria-label={`link to operation ${number}`}>{number}</Anchor>
        <State word={decision.effect} />
        <Text size="sm">rule {decision.rule}, policy {decision.policyVersion}</Text>
        {outcome !== null && <Text size="sm">{outcome.result}{outcome.code === null ? '' : ` ${plainText(outcome.code)}`}, {counted(outcome.rows, 'row')}, {counted(outcome.bytes, 'byte')}{outcome.masked > 0 && `, ${outcome.masked} masked`}, {outcome.durationMs.toFixed(1)} ms</Text>}
        <Text size="xs" c="dimmed"><Moment at={at} /></Text>
        <VerifyOperation session={session} number={number} />
      </Group>
      <Statement text={text} truncated={textTruncated} />
    </Stack>
  )
}

function EndSession({ id }: { readonly id: string }) {
  const { data } = useSession()
  const queries = useQueryClient()
  const [sure, setSure] = useState(false)
  const end = useMutation<unknown, Problem>({
    mutationFn: () => ask(`/api/v1/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => queries.invalidateQueries(),
  })
  if (!data?.roles.some((role) => role === 'operator' || role === 'administrator')) return undefined
  if (end.error !== null) return <ProblemAlert error={end.error} />
  return sure
    ? <Button color="red" onClick={() => end.mutate()} loading={end.isPending}>End it and what it runs</Button>
    : <Button color="red" variant="outline" onClick={() => setSure(true)}>End session</Button>
}
