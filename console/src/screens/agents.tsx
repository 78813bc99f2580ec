import { Button, Group, Modal, Paper, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core'
import type { Agent, Lock } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useAgents, useLocks, useSession } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { counted } from '../parts/counted.ts'
import { Facts } from '../parts/facts.tsx'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Campaigns } from './campaigns.tsx'
import { Prune } from './remove-agents.tsx'

const FILTERS = { '': 'All', '?unused=30d': 'Unused for 30 days', '?expiring=30d': 'Expiring', '?orphaned=true': 'Without an owner' } as const

/** Who is registered, access reviews of them, and what nobody uses. */
export function Agents() {
  const administers = useSession().data?.roles.includes('administrator') ?? false
  const [shown, setShown] = useState('inventory')
  return (
    <Page title="Agents" about="Who is registered, what they used, and what they never did.">
      <SegmentedControl
        value={shown} onChange={setShown} w="fit-content" aria-label="what to show"
        data={[{ value: 'inventory', label: 'Inventory' }, { value: 'reviews', label: 'Access reviews' }, ...(administers ? [{ value: 'prune', label: 'Prune' }] : [])]}
      />
      {shown === 'inventory' ? <Inventory /> : shown === 'reviews' ? <Campaigns /> : <Prune />}
    </Page>
  )
}

/** Those nobody used or nobody owns first. */
function Inventory() {
  const [filter, setFilter] = useState('')
  const agents = useAgents(filter)
  return (
    <>
      <SegmentedControl value={filter} onChange={setFilter} data={Object.entries(FILTERS).map(([value, label]) => ({ value, label }))} w="fit-content" aria-label="which agents" />
      <Pending of={agents}>
        {({ agents: found }) => found.length === 0
          ? <Empty title="No agent here">Register one with <code>sallyport agent add</code>, or in the policy document under <code>agents</code>.</Empty>
          : <Stack>{found.toSorted(worstFirst).map((agent) => <AgentCard key={agent.name} agent={agent} />)}</Stack>}
      </Pending>
    </>
  )
}

function worstFirst(a: Agent, b: Agent): number {
  const rank = ({ lastSeenAt, ownerState }: Agent): number => (lastSeenAt === null ? 0 : 1) + (ownerState === 'seen' ? 1 : 0)
  return rank(a) - rank(b) || (a.lastSeenAt ?? '').localeCompare(b.lastSeenAt ?? '') || a.name.localeCompare(b.name)
}

function AgentCard({ agent }: { readonly agent: Agent }) {
  const { name, ownerWords, purpose, targets, expires, expired, lastSeenAt, live, sessions, operations, refused, unusedTargets, unusedRules } = agent
  return (
    <Paper withBorder p="md">
      <Group justify="space-between"><Title order={2} size="h4">{name}</Title><LockAgent name={name} /></Group>
      <Facts of={[
        ['Purpose', purpose],
        ['Owner', ownerWords],
        ['Expires', expires === undefined ? 'never' : `${expires}${expired ? ', over' : ''}`],
        ['Last seen', lastSeenAt === null ? 'never' : <Moment key="seen" at={lastSeenAt} />],
        ['Now', live === 0 ? undefined : <State key="live" word={`${live} open`} />],
        ['Did', `${counted(operations, 'operation')} in ${counted(sessions, 'session')}, ${refused} refused`],
        ['May open', targets?.join(', ') ?? 'all targets'],
        ['Never opened', unusedTargets.join(', ')],
        ['Rules never used', unusedRules?.join(', ')],
      ]} />
    </Paper>
  )
}

function LockAgent({ name }: { readonly name: string }) {
  const { data } = useSession()
  return data?.roles.some((role) => role === 'operator' || role === 'administrator') ? <LockButton name={name} /> : undefined
}

/** A lock ends what the agent has open, at every gateway, and keeps it out until it is lifted. */
function LockButton({ name }: { readonly name: string }) {
  const locks = useLocks()
  const lock = locks.data?.locks.find((one) => one.kind === 'agent' && one.name === name)
  const [asked, setAsked] = useState(false)
  const [reason, setReason] = useState('')
  const queries = useQueryClient()
  const change = useMutation<unknown, Problem, Lock | undefined>({
    mutationFn: (placed) => placed === undefined
      ? ask('/api/v1/locks', { method: 'POST', body: { kind: 'agent', name, reason: reason.trim() } })
      : ask(`/api/v1/locks/agent/${encodeURIComponent(name)}?reason=${encodeURIComponent(reason.trim())}`, { method: 'DELETE' }),
    onSuccess: async () => {
      setAsked(false)
      setReason('')
      await queries.invalidateQueries()
    },
  })
  const word = lock === undefined ? 'Lock' : 'Lift the lock'
  return (
    <>
      <Group gap="xs">
        {lock !== undefined && <Text size="sm">{plainText(`Locked by ${lock.by}: ${lock.reason}`)}</Text>}
        <Button size="xs" color={lock === undefined ? 'red' : 'harbour'} variant="outline" onClick={() => setAsked(true)}>{word}</Button>
      </Group>
      <Modal opened={asked} onClose={() => setAsked(false)} title={`${word}: ${name}`}>
        <form onSubmit={(event) => { event.preventDefault(); change.mutate(lock) }}>
          <Stack>
            {change.error !== null && <ProblemAlert error={change.error} />}
            <Text size="sm">{lock === undefined ? 'Its sessions end at once, with what they run, and it is kept out until the lock is lifted.' : 'It may log in again.'}</Text>
            <TextInput label="Reason" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={1_000} required data-autofocus />
            <Button type="submit" color={lock === undefined ? 'red' : 'harbour'} loading={change.isPending} disabled={reason.trim() === ''}>{word}</Button>
          </Stack>
        </form>
      </Modal>
    </>
  )
}
