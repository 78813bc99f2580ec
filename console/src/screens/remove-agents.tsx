import { Button, Group, List, NumberInput, Stack, Text } from '@mantine/core'
import type { AgentChange, CampaignApplication, PruneRequest } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'

export interface RemoveAgentsProps {
  readonly path: '/api/v1/agents/prune' | `/api/v1/campaigns/${string}/apply`
  /** What asks which they would be. */
  readonly first: PruneRequest | CampaignApplication
  /** What removes those and no others. */
  readonly then: (shown: AgentChange) => PruneRequest | CampaignApplication
}

/** Removes agents from the policy, in two steps: which they would be, then those. */
export function RemoveAgents({ path, first, then }: RemoveAgentsProps) {
  const queries = useQueryClient()
  const look = useMutation<AgentChange, Problem>({ mutationFn: () => ask<AgentChange>(path, { method: 'POST', body: first }) })
  const remove = useMutation<AgentChange, Problem, AgentChange>({
    mutationFn: (shown) => ask<AgentChange>(path, { method: 'POST', body: then(shown) }),
    onSuccess: async () => {
      look.reset()
      await queries.invalidateQueries()
    },
  })
  const shown = look.data
  return (
    <Stack gap="xs">
      <Group><Button variant="default" onClick={() => { remove.reset(); look.mutate() }} loading={look.isPending}>Show which would be removed</Button></Group>
      {[look.error, remove.error].map((error) => error !== null && <ProblemAlert key={error.message} error={error} />)}
      {shown !== undefined && (
        <>
          <Text size="sm" role="status">{shown.agents.length === 0 ? 'None would be removed.' : `From version ${shown.policyVersion} of the policy these would be removed: ${shown.agents.map(plainText).join(', ')}.`}</Text>
          <Left of={shown} />
          {shown.agents.length > 0 && <Group><Button color="red" onClick={() => remove.mutate(shown)} loading={remove.isPending}>Remove {shown.agents.length === 1 ? 'it' : `these ${shown.agents.length}`}</Button></Group>}
        </>
      )}
      {remove.data !== undefined && (
        <>
          <Text size="sm" role="status">Version {remove.data.policyVersion} is without {remove.data.agents.map(plainText).join(', ') || 'nothing that was there'}.</Text>
          <Left of={remove.data} />
        </>
      )}
    </Stack>
  )
}

function Left({ of: { left } }: { readonly of: AgentChange }) {
  return left.length > 0 && <List size="sm">{left.map(({ agent, reason }) => <List.Item key={agent}>{plainText(agent)} stays: {reason}</List.Item>)}</List>
}

/** Removes agents that had no session for so long. */
export function Prune() {
  const [days, setDays] = useState<number | string>(90)
  const unused = `${days}d`
  return (
    <Stack gap="xs">
      <NumberInput label="Without a session for days" value={days} onChange={setDays} min={1} max={3_650} allowDecimal={false} w={220} />
      <RemoveAgents key={unused} path="/api/v1/agents/prune" first={{ dryRun: true, unused }} then={({ agents, policyVersion }) => ({ dryRun: false, unused, agents, policyVersion })} />
    </Stack>
  )
}
