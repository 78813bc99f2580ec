import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import type { Campaign, CampaignDecision } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { State } from '../parts/badges.tsx'
import { counted } from '../parts/counted.ts'
import { Moment } from '../parts/moment.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'

/** One agent of an access review, as it was when that was opened. */
export function CampaignItem({ item, path }: { readonly item: Campaign['items'][number]; readonly path: `/api/v1/campaigns/${string}` }) {
  const { agent, decision, decidedBy, reason, mayDecide } = item
  const [why, setWhy] = useState('')
  const queries = useQueryClient()
  const decide = useMutation<Campaign, Problem, CampaignDecision['decision']>({
    mutationFn: (word) => ask<Campaign>(`${path}/decisions`, { method: 'POST', body: { agent: agent.name, decision: word, reason: why.trim() } satisfies CampaignDecision }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['campaigns'] }),
  })
  return (
    <Stack gap={4} component="section" aria-label={agent.name}>
      <Group gap="xs"><Text fw={700} size="sm">{agent.name}</Text>{decision !== null && <State word={decision} />}</Group>
      <Text size="sm">
        {plainText(agent.purpose)}; owner {plainText(agent.owner)} ({agent.ownerWords}); {counted(agent.operations, 'operation')} in {counted(agent.sessions, 'session')}, last seen {agent.lastSeenAt === null ? 'never' : <Moment at={agent.lastSeenAt} />}
      </Text>
      {decision !== null && <Text size="sm">{decidedBy === null ? '' : `${plainText(decidedBy)}: `}{plainText(reason ?? '')}</Text>}
      {decide.error !== null && <ProblemAlert error={decide.error} />}
      {mayDecide && (
        <Group align="flex-end">
          <TextInput label={`Why ${agent.name} stays or goes`} value={why} onChange={(event) => setWhy(event.currentTarget.value)} maxLength={1_000} flex="1 1 16rem" />
          <Button size="sm" onClick={() => decide.mutate('keep')} disabled={why.trim() === '' || decide.isPending}>Keep</Button>
          <Button size="sm" color="red" variant="outline" onClick={() => decide.mutate('remove')} disabled={why.trim() === '' || decide.isPending}>Remove</Button>
        </Group>
      )}
    </Stack>
  )
}
