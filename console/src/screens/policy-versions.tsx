import { Button, Group, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import type { PolicyVersion, PolicyVersionList, PolicyVersionSummary } from '@sallyport/contract'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { Moment } from '../parts/moment.tsx'
import { Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { type DiffLine, diffLines, nearChanges } from './line-diff.ts'

/** Every document that was in force, and what each changed. */
export function PolicyVersions() {
  const versions = useInfiniteQuery<PolicyVersionList, Problem, readonly PolicyVersionSummary[], readonly string[], number | null>({
    queryKey: ['policy', 'versions'],
    queryFn: ({ pageParam, signal }) => ask<PolicyVersionList>(`/api/v1/policy/versions?limit=50${pageParam === null ? '' : `&before=${pageParam}`}`, undefined, signal),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap((page) => page.versions),
  })
  const [chosen, setChosen] = useState<number>()
  return (
    <Pending of={versions}>
      {(all) => {
        const shown = chosen ?? all[0]?.version
        return (
          <Group align="flex-start" wrap="wrap">
            <Stack gap={4} flex="1 1 14rem" maw={320} component="nav" aria-label="versions">
              {all.map(({ version, appliedAt, appliedBy }) => (
                <Button
                  key={version} onClick={() => setChosen(version)} variant={version === shown ? 'light' : 'subtle'} color="harbour" h="auto" py={6} fullWidth justify="flex-start" aria-current={version === shown}
                >
                  <Stack gap={0} ta="left"><Text size="sm">Version {version} by {plainText(appliedBy)}</Text><Text size="xs" c="dimmed"><Moment at={appliedAt} /></Text></Stack>
                </Button>
              ))}
              {versions.hasNextPage && <Button variant="default" size="xs" onClick={() => void versions.fetchNextPage()} loading={versions.isFetchingNextPage}>Earlier ones</Button>}
            </Stack>
            <Stack flex="3 1 30rem" miw={0}>{shown !== undefined && <Change version={shown} />}</Stack>
          </Group>
        )
      }}
    </Pending>
  )
}

function useVersion(version: number) {
  return useQuery<PolicyVersion, Problem>({
    // A version never changes; there is none before the first.
    queryKey: ['policy', 'version', version], staleTime: Infinity,
    queryFn: ({ signal }) => version === 0 ? { version, appliedAt: '', appliedBy: '', text: '' } : ask<PolicyVersion>(`/api/v1/policy/versions/${version}`, undefined, signal),
  })
}

function Change({ version }: { readonly version: number }) {
  const newer = useVersion(version)
  const older = useVersion(version - 1)
  return <Pending of={older}>{({ text: before }) => <Pending of={newer}>{({ text }) => <Difference pieces={nearChanges(diffLines(before, text))} since={version - 1} />}</Pending>}</Pending>
}

const SIGNS = { same: ' ', added: '+', removed: '-' } as const
const WORDS = { same: '', added: 'added: ', removed: 'removed: ' } as const

function Difference({ pieces, since }: { readonly pieces: ReturnType<typeof nearChanges>; readonly since: number }) {
  if (pieces.length === 0) return <Text size="sm">The same as version {since}.</Text>
  return (
    <>
      <Text size="sm">{since === 0 ? 'The first version, whole.' : `What changed since version ${since}.`}</Text>
      <Table.ScrollContainer minWidth={300} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table className="diff" withTableBorder withRowBorders={false} verticalSpacing={0}>
          <Table.Thead><Table.Tr><Table.Th>Before</Table.Th><Table.Th>Now</Table.Th><Table.Th>Line</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>{pieces.flatMap(({ skipped, lines }) => [
            skipped > 0 && <Table.Tr key={`skipped ${keyOf(lines[0])}`}><Table.Td colSpan={3}>… {skipped} lines that are the same</Table.Td></Table.Tr>,
            ...lines.map((line) => <Row key={keyOf(line)} line={line} />),
          ])}</Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </>
  )
}

function keyOf(line: DiffLine | undefined): string {
  return `${line?.before ?? ''}:${line?.after ?? ''}`
}

function Row({ line: { kind, text, before, after } }: { readonly line: DiffLine }) {
  return (
    <Table.Tr data-kind={kind}>
      <Table.Td w={50}>{before}</Table.Td>
      <Table.Td w={50}>{after}</Table.Td>
      <Table.Td><VisuallyHidden>{WORDS[kind]}</VisuallyHidden><span aria-hidden="true">{SIGNS[kind]} </span>{plainText(text)}</Table.Td>
    </Table.Tr>
  )
}
