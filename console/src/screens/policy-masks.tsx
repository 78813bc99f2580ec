import { Code, Paper, Stack, Table, Text, Textarea, Title } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import type { MaskPreview, MaskPreviewList, MaskPreviewRequest } from '@sallyport/contract'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'

const SAMPLES = ['dana@example.com', '4111 1111 1111 1111', 'Mr. Zoltan Haddad, +49 30 901820', 'password=hunter2']
const MOST_SAMPLES = 20
const MOST_CHARACTERS = 1_000
const ASK_AFTER_MS = 400

/** What each mask makes of values that somebody types, by the gateway's own masking. @param draft a document that is not in force yet */
export function PolicyMasks({ draft }: { readonly draft: string | undefined }) {
  const [typed, setTyped] = useState(SAMPLES.join('\n'))
  const [text] = useDebouncedValue(typed, ASK_AFTER_MS)
  const samples = text.split('\n').filter((line) => line !== '').slice(0, MOST_SAMPLES).map((line) => line.slice(0, MOST_CHARACTERS))
  const preview = useQuery<MaskPreviewList & { readonly samples: readonly string[] }, Problem>({
    queryKey: ['policy', 'masks', draft, samples], enabled: samples.length > 0, placeholderData: keepPreviousData, gcTime: 0,
    async queryFn({ signal }) {
      const body = { samples, ...(draft !== undefined && { document: draft }) } satisfies MaskPreviewRequest
      return { ...await ask<MaskPreviewList>('/api/v1/policy/masks/preview', { method: 'POST', body }, signal), samples }
    },
  })
  return (
    <Stack mt="md">
      <Textarea
        label="Sample values, one a line" description="Type some like those that agents read. No target is asked, and nothing of them is kept."
        value={typed} onChange={(event) => setTyped(event.currentTarget.value)} autosize minRows={3} maxRows={MOST_SAMPLES} maw={640}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
      />
      {draft !== undefined && <Text size="sm">The masks of the document that you are writing, which is not in force.</Text>}
      <Pending of={preview}>
        {({ masks, samples: shown }) => masks.length === 0
          ? <Empty title="No mask yet">Name columns in <Code>masks</Code>, such as <Code>{'{ name: personal, columns: [customers.email], method: redact }'}</Code>, and agents read the rest.</Empty>
          : masks.map((mask) => <Mask key={mask.name} mask={mask} samples={shown} />)}
      </Pending>
    </Stack>
  )
}

function Mask({ mask, samples }: { readonly mask: MaskPreview; readonly samples: readonly string[] }) {
  const { name, method, columns, finds, targets, unless, masked } = mask
  return (
    <Paper withBorder p="md" component="section" aria-label={name}>
      <Title order={2} size="h4">{name}</Title>
      <Text size="sm">
        {columns === null ? `Finds ${finds?.map(plainText).join(', ') ?? ''} in text streams, ` : `Columns ${columns.map(plainText).join(', ')}, `}
        {targets === null ? 'of every target' : `of ${targets.join(', ')}`}: {WORDS[method](mask.keep)}.
        {unless !== null && <> Not where <Code>{plainText(unless)}</Code>.</>}
      </Text>
      <Table.ScrollContainer minWidth={300} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table fz="xs" ff="monospace" layout="fixed" mt="xs">
          <Table.Thead><Table.Tr><Table.Th>Sample</Table.Th><Table.Th>What an agent gets</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {masked.map((value, index) => {
              const sample = samples[index] ?? ''
              return (
                // Samples may be there twice.
                <Table.Tr key={index}>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{plainText(sample)}</Table.Td>
                  <Table.Td style={{ overflowWrap: 'anywhere' }}>{value === null ? <i>NULL</i> : value === sample ? <>{plainText(value)} <Text span size="xs" c="dimmed">(the same)</Text></> : <b>{plainText(value)}</b>}</Table.Td>
                </Table.Tr>
              )
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {columns !== null && method !== 'null' && <Text size="xs" c="dimmed" mt={4}>Columns of numbers, dates and the like become NULL: no client could read a text there.</Text>}
      {method === 'hash' && <Text size="xs" c="dimmed" mt={4}>Made with another key than the gateway's: equal values have equal hashes, here and there, but not the same ones.</Text>}
    </Paper>
  )
}

const WORDS: Readonly<Record<MaskPreview['method'], (keep: number | null) => string>> = {
  redact: () => 'nothing of the value is left', 'keep-last': (keep) => `the last ${keep ?? ''} characters are left`, null: () => 'NULL takes its place', hash: () => 'a keyed hash takes its place',
}
