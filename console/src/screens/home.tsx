import type { FoundOperation } from '@sallyport/contract'
import { Alert, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useLiveReviews } from '../api/open-reviews.ts'
import { useLedgerStatus, useNewestSessions, useSearch, useSession } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Moment } from '../parts/moment.tsx'
import { OperationBars } from '../parts/operation-bars.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { Statement } from '../parts/statement.tsx'

/** What is going on now, what needs attention first. */
export function Home() {
  const reviews = useLiveReviews().filter(({ state }) => state === 'open')
  const mine = reviews.filter(({ mayAnswer }) => mayAnswer)
  const sessions = useNewestSessions()
  const open = sessions.data?.sessions.filter(({ state }) => state === 'open') ?? []
  const refused = useSearch('decision:deny since:1d')
  const masked = useSearch('masked:* since:1d')
  return (
    <Page title="Home" about="What agents do now, and what needs you.">
      {mine.length > 0 && (
        <Alert color="orange" variant="outline" title={mine.length === 1 ? 'A review waits for you' : `${mine.length} reviews wait for you`}>
          <Link to="/reviews">Look at what is asked</Link>
        </Alert>
      )}
      <LedgerAlarm />
      <SimpleGrid cols={{ base: 2, md: 5 }}>
        <Figure label="Sessions open" to="/sessions">{open.length}</Figure>
        <Figure label="Reviews open" to="/reviews">{reviews.length}</Figure>
        <Figure label="Refused in a day" to="/sessions">{sumOf(refused, ({ count }) => count)}</Figure>
        <Figure label="Values masked in a day" to="/sessions">{sumOf(masked, ({ masked: values }) => values)}</Figure>
        <LedgerFigure />
      </SimpleGrid>
      <OperationBars />
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        <Stack gap="xs">
          <Title order={2} size="h4">Open sessions</Title>
          <Pending of={sessions}>
            {({ sessions: newest }) => newest.length === 0
              ? <Empty title="No session yet">Connect an agent: <Link to="/targets">Targets</Link> shows how, for each client.</Empty>
              : open.length === 0 ? <Text size="sm">None now. The last one opened <Moment at={newest[0]?.openedAt ?? ''} />.</Text>
                : open.slice(0, 8).map(({ id, identity, target, purpose, openedAt }) => (
                  <Card key={id} withBorder padding="xs" component={Link} to={`/sessions/${id}`}>
                    <Group justify="space-between" wrap="nowrap"><Text size="sm"><b>{plainText(identity.name)}</b> on {target}</Text><Text size="xs"><Moment at={openedAt} /></Text></Group>
                    <Text size="xs" c="dimmed" truncate>{plainText(purpose)}</Text>
                  </Card>
                ))}
          </Pending>
        </Stack>
        <Stack gap="xs">
          <Title order={2} size="h4">Refused lately</Title>
          <Pending of={refused}>
            {({ found }) => found.length === 0 ? <Text size="sm">Nothing was refused in the last day.</Text>
              : found.slice(0, 5).map((operation) => (
                <div key={`${operation.session} ${operation.first.number}`}>
                  <Group gap="xs"><Text size="sm"><b>{plainText(operation.identity.name)}</b> on {operation.target}</Text><State word={operation.decision.rule} /><Text size="xs"><Moment at={operation.last.at} /></Text></Group>
                  <Statement text={operation.text} truncated={operation.textTruncated} />
                </div>
              ))}
          </Pending>
        </Stack>
      </SimpleGrid>
    </Page>
  )
}

/** Of what is found; with a plus where only the newest were looked at. */
function sumOf({ data, hasNextPage }: ReturnType<typeof useSearch>, of: (found: FoundOperation) => number): string {
  return data === undefined ? '…' : `${data.found.reduce((sum, found) => sum + of(found), 0).toLocaleString()}${hasNextPage ? '+' : ''}`
}

function Figure({ label, to, children }: { readonly label: string; readonly to: string; readonly children: ReactNode }) {
  return (
    <Card withBorder padding="sm" component={Link} to={to}>
      <Text size="xl" fw={700}>{children}</Text>
      <Text size="sm" c="dimmed">{label}</Text>
    </Card>
  )
}

function useSeesLedger(): boolean {
  const { data } = useSession()
  return data?.roles.some((role) => ['auditor', 'operator', 'administrator'].includes(role)) ?? false
}

function LedgerFigure() {
  return useSeesLedger() ? <KnownLedger /> : <Figure label="Ledger" to="/ledger">prove it</Figure>
}

function KnownLedger() {
  const { data } = useLedgerStatus()
  return <Figure label="Ledger entries" to="/ledger">{data === undefined ? '…' : data.size.toLocaleString()}</Figure>
}

function LedgerAlarm() {
  return useSeesLedger() ? <KnownAlarm /> : undefined
}

function KnownAlarm() {
  const { data } = useLedgerStatus()
  if (data === undefined || (data.healthy && data.check.state !== 'failed' && data.anchors.every(({ state }) => state !== 'failing'))) return undefined
  return (
    <Alert color="red" variant="outline" role="alert" title={data.healthy ? 'The ledger needs attention' : 'The ledger cannot be written: nothing is passed on'}>
      {plainText(data.check.finding ?? data.anchors.find(({ error }) => error !== null)?.error ?? 'Make room on its disk, or repair it; traffic goes on by itself.')} <Link to="/ledger">Ledger</Link>
    </Alert>
  )
}
