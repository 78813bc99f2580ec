import { Button, Group, Stack, Text } from '@mantine/core'
import type { PolicyApplied } from '@sallyport/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { usePolicy, useSession } from '../api/queries.ts'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'

const PolicyEditor = lazy(() => import('./policy-editor.tsx').then(({ PolicyEditor: component }) => ({ default: component })))

/** The document in force. Administrators change it here; a wrong one changes nothing, and is marked where it is wrong. */
export function Policy() {
  const policy = usePolicy()
  const { data: session } = useSession()
  const [text, setText] = useState<string>()
  const queries = useQueryClient()
  const apply = useMutation<PolicyApplied, Problem, string>({
    mutationFn: (document) => ask<PolicyApplied>('/api/v1/policy', { method: 'POST', body: document }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['policy'] }),
  })
  const may = session?.roles.includes('administrator') ?? false
  return (
    <Page title="Policy" about="Who may do what: deny beats review beats allow, and no matching rule is a denial.">
      <Pending of={policy}>
        {({ version, appliedAt, appliedBy, text: inForce }) => (
          <Stack>
            <Group justify="space-between">
              <Text size="sm">Version {version}, applied by {appliedBy} <Moment at={appliedAt} /></Text>
              {may && (
                <Group>
                  {text !== undefined && text !== inForce && <Text size="sm">changed, not applied</Text>}
                  <Button onClick={() => apply.mutate(text ?? inForce)} loading={apply.isPending} disabled={text === undefined || text === inForce}>Apply</Button>
                </Group>
              )}
            </Group>
            {apply.error !== null && <ProblemAlert error={apply.error} />}
            {apply.data !== undefined && <Text size="sm" role="status">{apply.data.changed ? `Version ${apply.data.version} is in force.` : 'Nothing changed.'}</Text>}
            <Suspense fallback={<Text>Loading the editor …</Text>}>
              <PolicyEditor text={inForce} onChange={setText} readOnly={!may} problems={apply.error?.problems ?? []} />
            </Suspense>
          </Stack>
        )}
      </Pending>
    </Page>
  )
}
