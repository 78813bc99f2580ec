import { List, ScrollArea, Stack, Table, Text } from '@mantine/core'
import type { ReviewPreview } from '@sallyport/contract'
import { plainText } from '../parts/plain-text.ts'

const HOW = { rehearsed: 'found by running it and rolling back', counted: 'counted with the same filter', estimated: 'a guess of the planner, which limits nothing', none: 'not previewed' } as const

export function previewWords(preview: ReviewPreview | null): string | undefined {
  if (preview === null || preview.rows === null) return undefined
  return `${preview.atMost ? 'at most ' : ''}${preview.rows.toLocaleString()} ${preview.rows === 1 ? 'row' : 'rows'}, ${HOW[preview.method]}`
}

/** The blast radius: how many rows, of which tables, and a few of them before and after, masked. */
export function Preview({ preview, rowLimit }: { readonly preview: ReviewPreview; readonly rowLimit: number | null }) {
  const words = previewWords(preview)
  return (
    <Stack gap="xs">
      <Text size="sm"><b>Touches:</b> {words ?? HOW[preview.method]}{rowLimit !== null && `; more than ${rowLimit.toLocaleString()} are rolled back`}</Text>
      {preview.tables.length > 0 && (
        <List size="sm">
          {preview.tables.map(({ table, inserted, updated, deleted }) => <List.Item key={table}>{plainText(table)}: {inserted} inserted, {updated} updated, {deleted} deleted</List.Item>)}
        </List>
      )}
      {preview.sample.length > 0 && <Sample rows={preview.sample} />}
      {preview.notes.length > 0 && <List size="sm">{preview.notes.map((note) => <List.Item key={note}>{plainText(note)}</List.Item>)}</List>}
    </Stack>
  )
}

function Sample({ rows }: { readonly rows: ReviewPreview['sample'] }) {
  const columns = [...new Set(rows.flatMap(({ before, after }) => [...Object.keys(before ?? {}), ...Object.keys(after ?? {})]))]
  return (
    <ScrollArea type="auto" viewportProps={{ tabIndex: 0 }}>
      <Table withTableBorder fz="xs" ff="monospace">
        <Table.Thead><Table.Tr><Table.Th>row</Table.Th>{columns.map((column) => <Table.Th key={column}>{plainText(column)}</Table.Th>)}</Table.Tr></Table.Thead>
        <Table.Tbody>
          {rows.flatMap(({ before, after }, index) => ([['before', before, after], ['after', after, before]] as const).map(([word, row, other]) => row !== null && (
            // The rows of one preview never change places.
            <Table.Tr key={`${index} ${word}`}>
              <Table.Th scope="row">{word}</Table.Th>
              {columns.map((column) => <Table.Td key={column} fw={other !== null && other[column] !== row[column] ? 700 : undefined}>{plainText(row[column] ?? 'NULL')}</Table.Td>)}
            </Table.Tr>
          )))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}
