import { Button, Checkbox, Group, MultiSelect, NumberInput, Stack, TagsInput, TextInput } from '@mantine/core'
import type { Campaign, CampaignRequest } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useAgents } from '../api/queries.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'

/** Opens an access review: of which agents, by whom they are decided on, and until when. */
export function OpenCampaign({ onOpen }: { readonly onOpen: (id: string) => void }) {
  const [days, setDays] = useState<number | string>(14)
  const [reason, setReason] = useState('')
  const [agents, setAgents] = useState<string[]>([])
  const [reviewers, setReviewers] = useState<string[]>([])
  const [independent, setIndependent] = useState(false)
  const known = useAgents('').data?.agents ?? []
  const queries = useQueryClient()
  const open = useMutation<Campaign, Problem>({
    mutationFn: () => {
      const request: CampaignRequest = { due: `${days}d`, reason: reason.trim(), independent, ...(agents.length > 0 && { agents }), ...(reviewers.length > 0 && { reviewers }) }
      return ask<Campaign>('/api/v1/campaigns', { method: 'POST', body: request })
    },
    onSuccess: async ({ id }) => {
      setReason('')
      setAgents([])
      onOpen(id)
      await queries.invalidateQueries({ queryKey: ['campaigns'] })
    },
  })
  return (
    <form onSubmit={(event) => { event.preventDefault(); open.mutate() }}>
      <Stack gap="sm">
        {open.error !== null && <ProblemAlert error={open.error} />}
        <Group align="flex-end">
          <TextInput
            label={agents.length === 0 ? 'Open an access review of all agents' : `Open an access review of ${agents.length} of ${known.length} agents`} placeholder="why, such as: second quarter"
            value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)} maxLength={1_000} required flex="1 1 16rem"
          />
          <NumberInput label="Due in days" value={days} onChange={setDays} min={1} max={3_650} allowDecimal={false} w={120} />
          <Button type="submit" loading={open.isPending} disabled={reason.trim() === '' || typeof days !== 'number'}>Open</Button>
        </Group>
        <details>
          <summary>Which agents, and who decides</summary>
          <Stack gap="sm" mt="sm">
            <MultiSelect label="Agents" description="All when none is chosen" data={known.map(({ name }) => name)} value={agents} onChange={setAgents} searchable hidePickedOptions nothingFoundMessage="no such agent" />
            <TagsInput label="Groups that decide on every agent" description="The role reviewer when none is named; Enter ends a name" value={reviewers} onChange={setReviewers} maxTags={100} />
            <Checkbox label="Independent" description="Nobody decides on an agent that they own" checked={independent} onChange={({ currentTarget }) => setIndependent(currentTarget.checked)} />
          </Stack>
        </details>
      </Stack>
    </form>
  )
}
