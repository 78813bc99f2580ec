import { Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import type { Campaign, CampaignList } from '@sallyport/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useSession } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { CampaignItem } from './campaign-item.tsx'
import { OpenCampaign } from './open-campaign.tsx'
import { RemoveAgents } from './remove-agents.tsx'

/** Access reviews of agents: owners and reviewers say of each whether it stays. */
export function Campaigns() {
  const campaigns = useQuery<CampaignList, Problem>({ queryKey: ['campaigns'], queryFn: () => ask<CampaignList>('/api/v1/campaigns') })
  const signs = useSession().data?.roles.some((role) => role === 'auditor' || role === 'administrator') ?? false
  const [chosen, setChosen] = useState<string>()
  return (
    <Stack>
      {signs && <OpenCampaign onOpen={setChosen} />}
      <Pending of={campaigns}>
        {({ campaigns: all }) => all.length === 0
          ? <Empty title="No access review yet">{signs ? 'Open one above' : 'An auditor or an administrator opens one'}: then owners and reviewers say of each agent whether it stays.</Empty>
          : all.map(({ id, state, reason, openedBy, dueAt, agents, kept, removed, independent, reviewers }) => (
            <Paper key={id} withBorder p="md">
              <Group justify="space-between">
                <div>
                  <Title order={2} size="h4">{plainText(reason)}</Title>
                  <Text size="sm">by {plainText(openedBy)}, due <Moment at={dueAt} />; {kept} kept, {removed} to be removed, of {agents}</Text>
                  <Text size="sm">decided by {independent ? '' : 'owners and '}{reviewers === null ? 'reviewers' : `people of ${plainText(reviewers.join(', '))}`}{independent && '; by nobody on their own agent'}</Text>
                </div>
                <Group><State word={state} /><Button size="xs" variant="default" aria-expanded={chosen === id} onClick={() => setChosen(chosen === id ? undefined : id)}>{chosen === id ? 'Fold' : 'Agents of it'}</Button></Group>
              </Group>
              {chosen === id && <One id={id} signs={signs} />}
            </Paper>
          ))}
      </Pending>
    </Stack>
  )
}

function One({ id, signs }: { readonly id: string; readonly signs: boolean }) {
  const path = `/api/v1/campaigns/${encodeURIComponent(id)}` as const
  const campaign = useQuery<Campaign, Problem>({ queryKey: ['campaigns', id], queryFn: () => ask<Campaign>(path) })
  const administers = useSession().data?.roles.includes('administrator') ?? false
  const queries = useQueryClient()
  const close = useMutation<Campaign, Problem, boolean>({
    mutationFn: (overdue) => ask<Campaign>(`${path}/close`, { method: 'POST', body: overdue ? { overdue: 'remove' } : {} }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['campaigns'] }),
  })
  return (
    <Pending of={campaign}>
      {({ items, state, dueAt, appliedVersion, removed }) => {
        const undecided = items.filter(({ decision }) => decision === null).length
        const over = Date.parse(dueAt) < Date.now()
        return (
          <Stack mt="md">
            {items.map((item) => <CampaignItem key={item.agent.name} item={item} path={path} />)}
            {close.error !== null && <ProblemAlert error={close.error} />}
            {state === 'open' && signs && (
              <Group>
                <Button onClick={() => close.mutate(over && undecided > 0)} loading={close.isPending} disabled={undecided > 0 && !over}>
                  {undecided > 0 && over ? `Close it, and mark ${undecided} undecided for removal` : 'Close it'}
                </Button>
                {undecided > 0 && !over && <Text size="sm">{undecided} still to be decided.</Text>}
              </Group>
            )}
            {appliedVersion !== null && <Text size="sm">Applied: version {appliedVersion} of the policy is without them.</Text>}
            {state === 'closed' && administers && appliedVersion === null && removed > 0 && (
              <RemoveAgents path={`${path}/apply`} first={{ dryRun: true }} then={({ policyVersion }) => ({ dryRun: false, policyVersion })} />
            )}
          </Stack>
        )
      }}
    </Pending>
  )
}
