import { Button, Group, SegmentedControl, Stack, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { PolicyApplied, PolicyCheck, Problem as DocumentProblem } from '@sallyport/contract'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { usePolicy, usePolicySchema, useSession } from '../api/queries.ts'
import { Moment } from '../parts/moment.tsx'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { PolicyMasks } from './policy-masks.tsx'
import { PolicyVersions } from './policy-versions.tsx'

const PolicyEditor = lazy(() => import('./policy-editor.tsx').then(({ PolicyEditor: component }) => ({ default: component })))

const CHECK_AFTER_MS = 600
const NONE: readonly DocumentProblem[] = []

/** The document in force. Administrators change it here; a wrong one changes nothing, and is marked where it is wrong. */
export function Policy() {
  const [shown, setShown] = useState('document')
  const [text, setText] = useState<string>()
  const { data } = usePolicy()
  return (
    <Page title="Policy" about="Who may do what: deny beats review beats allow, and no matching rule is a denial.">
      <SegmentedControl value={shown} onChange={setShown} data={[{ value: 'document', label: 'In force' }, { value: 'masks', label: 'Masks' }, { value: 'versions', label: 'Versions' }]} w="fit-content" aria-label="what to show" />
      {/* What somebody is writing stays while they look at something else. */}
      <div hidden={shown !== 'document'}><Document text={text} onChange={setText} /></div>
      {shown === 'masks' && <PolicyMasks draft={text === data?.text ? undefined : text} />}
      {shown === 'versions' && <PolicyVersions />}
    </Page>
  )
}

function Document({ text, onChange }: { readonly text: string | undefined; readonly onChange: (text: string) => void }) {
  const policy = usePolicy()
  const { data: session } = useSession()
  const queries = useQueryClient()
  const apply = useMutation<PolicyApplied, Problem, string>({
    mutationFn: (document) => ask<PolicyApplied>('/api/v1/policy', { method: 'POST', body: document }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['policy'] }),
  })
  const may = session?.roles.includes('administrator') ?? false
  const changed = text !== undefined && text !== policy.data?.text
  const { data: schema } = usePolicySchema(may)
  const check = useCheck(may && changed ? text : undefined)
  return (
    <Pending of={policy}>
      {({ version, appliedAt, appliedBy, text: inForce }) => (
        <Stack>
          <Group justify="space-between">
            <Text size="sm">Version {version}, applied by {appliedBy} <Moment at={appliedAt} /></Text>
            {may && (
              <Group>
                {changed && <Text size="sm" role="status">changed, not applied{wordsOf(check?.length)}</Text>}
                <Button onClick={() => apply.mutate(text ?? inForce)} loading={apply.isPending} disabled={!changed}>Apply</Button>
              </Group>
            )}
          </Group>
          {apply.error !== null && <ProblemAlert error={apply.error} />}
          {apply.data !== undefined && <Text size="sm" role="status">{apply.data.changed ? `Version ${apply.data.version} is in force.` : 'Nothing changed.'}</Text>}
          <Suspense fallback={<Text>Loading the editor …</Text>}>
            <PolicyEditor text={inForce} onChange={onChange} readOnly={!may} problems={check ?? apply.error?.problems ?? NONE} schema={schema} />
          </Suspense>
        </Stack>
      )}
    </Pending>
  )
}

/** What would be wrong with a document, asked while it is written. Nothing is applied. Undefined until that is known. */
function useCheck(text: string | undefined): readonly DocumentProblem[] | undefined {
  const [settled] = useDebouncedValue(text, CHECK_AFTER_MS)
  const { data } = useQuery<PolicyCheck, Problem>({
    queryKey: ['policy', 'check', settled], enabled: settled !== undefined, staleTime: Infinity, gcTime: 0, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<PolicyCheck>('/api/v1/policy/check', { method: 'POST', body: settled ?? '' }, signal),
  })
  return text === undefined ? undefined : data?.problems
}

function wordsOf(problems: number | undefined): string {
  if (problems === undefined) return ''
  return problems === 0 ? ': nothing is wrong with it' : problems === 1 ? ': one thing is wrong' : `: ${problems} things are wrong`
}
