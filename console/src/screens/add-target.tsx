import { Alert, Button, Group, List, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { ProtocolKind, ProtocolList, TargetChange, TargetProblem, TargetRequest, TargetTest } from '@sallyport/contract'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { Page } from '../parts/page.tsx'
import { Pending } from '../parts/pending.tsx'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { Fields } from './entry-fields.tsx'
import { type EntrySchema, entryOf, fieldOf, textOf, type Values } from './entry-schema.ts'
import { TestWords } from './target-test.tsx'

const CHECK_AFTER_MS = 500
const NONE: readonly TargetProblem[] = []

/** A form made of what the gateway says of each protocol; it comes to an entry of the policy document, and nothing else. */
export function AddTarget() {
  const protocols = useQuery<ProtocolList, Problem>({ queryKey: ['protocols'], queryFn: () => ask<ProtocolList>('/api/v1/protocols') })
  const [chosen, setChosen] = useState<string>()
  return (
    <Page title="Add a target" about="It becomes an entry of the policy document, by a new version. Secrets go into the vault, never into the entry.">
      <Pending of={protocols}>
        {({ protocols: kinds }) => {
          const kind = kinds.find(({ name }) => name === chosen) ?? kinds[0]
          return kind && (
            <Stack>
              <SegmentedControl value={kind.name} onChange={setChosen} data={kinds.map(({ name }) => name)} w="fit-content" aria-label="protocol" />
              <EntryForm key={kind.name} kind={kind} />
            </Stack>
          )
        }}
      </Pending>
    </Page>
  )
}

function EntryForm({ kind }: { readonly kind: ProtocolKind }) {
  const schema = kind.schema as EntrySchema
  const [values, setValues] = useState<Values>({})
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set())
  const [tellsAll, setTellsAll] = useState(false)
  const entry = entryOf(schema, values) as TargetRequest['entry']
  const draft = useDraft(entry)
  const problems = draft.data?.problems ?? NONE
  const queries = useQueryClient()
  const add = useMutation<TargetChange, Problem>({
    mutationFn: () => ask<TargetChange>('/api/v1/targets', { method: 'POST', body: { entry, dryRun: false, ...(draft.data && { policyVersion: draft.data.policyVersion }) } satisfies TargetRequest }),
    onSuccess: () => queries.invalidateQueries(),
  })
  const test = useMutation<TargetTest, Problem>({ mutationFn: () => ask<TargetTest>('/api/v1/targets/test', { method: 'POST', body: { entry } }) })
  if (add.data !== undefined) return <Added name={textOf(entry['name'])} change={add.data} />

  const shown = problems.filter(({ path }) => tellsAll || touched.has(fieldOf(path)))
  const { name: nameSchema, ...others } = schema.properties ?? {}
  const change = (made: unknown, path: string) => {
    setValues(made as Values)
    setTouched((known) => new Set(known).add(path))
    test.reset()
  }
  const submit = () => {
    setTellsAll(true)
    if (draft.isSettled && problems.length === 0) add.mutate()
  }
  const problemAt = (path: string) => shown.find((problem) => fieldOf(problem.path) === path)?.message
  return (
    <form onSubmit={(event) => { event.preventDefault(); submit() }} noValidate>
      <Stack>
        <TextInput
          label="Name" description={nameSchema?.description} withAsterisk value={textOf(values['name'])} error={problemAt('name')} maxLength={63} autoComplete="off" spellCheck={false}
          onChange={({ currentTarget }) => change({ ...values, name: currentTarget.value }, 'name')} maw={400}
        />
        <Fields schema={{ ...schema, properties: others }} path="" value={values} onChange={change} problemAt={problemAt} folds />
        {tellsAll && problems.length > 0 && <Wrong problems={problems} />}
        {draft.error !== null && <ProblemAlert error={draft.error} />}
        {add.error !== null && <ProblemAlert error={add.error} />}
        {test.error !== null && <ProblemAlert error={test.error} />}
        {test.data !== undefined && <TestWords test={test.data} />}
        <Group>
          <Button type="submit" loading={add.isPending} disabled={tellsAll && problems.length > 0}>Add it</Button>
          {kind.testable && <Button variant="default" loading={test.isPending} onClick={() => (problems.length > 0 ? setTellsAll(true) : test.mutate())}>Test connection</Button>}
        </Group>
        {typeof draft.data?.text === 'string' && (
          <section aria-label="entry">
            <Title order={2} size="h4">The entry</Title>
            <pre className="statement" tabIndex={0}>{draft.data.text}</pre>
          </section>
        )}
      </Stack>
    </form>
  )
}

/** What the gateway says of the entry while it is written. Nothing is added. */
function useDraft(entry: TargetRequest['entry']) {
  const now = JSON.stringify(entry)
  const [settled] = useDebouncedValue(now, CHECK_AFTER_MS)
  const { data, error, isPlaceholderData } = useQuery<TargetChange, Problem>({
    queryKey: ['targets', 'draft', settled], staleTime: Infinity, gcTime: 0, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => ask<TargetChange>('/api/v1/targets', { method: 'POST', body: { entry: JSON.parse(settled) as TargetRequest['entry'], dryRun: true } satisfies TargetRequest }, signal),
  })
  return { data, error, isSettled: now === settled && data !== undefined && !isPlaceholderData }
}

/** All that is wrong, also where no field stands for it. */
function Wrong({ problems }: { readonly problems: readonly TargetProblem[] }) {
  return (
    <Alert color="red" variant="outline" role="alert" title="This is to be corrected first">
      <List size="sm">{problems.map(({ path, message }) => <List.Item key={`${path} ${message}`}>{path === '' ? message : `${path}: ${message}`}</List.Item>)}</List>
    </Alert>
  )
}

function Added({ name, change }: { readonly name: string; readonly change: TargetChange }) {
  return (
    <Stack role="status">
      <Text>Version {change.policyVersion} of the policy has the target <b>{name}</b>.</Text>
      <Text>Rules that name their targets do not name this one yet: see <Link to="/policy">Policy</Link>. How to connect is in <Link to="/targets">Targets</Link>.</Text>
    </Stack>
  )
}
