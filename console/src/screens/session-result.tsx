import { ScrollArea, Stack, Table, Text } from '@mantine/core'
import { plainText } from '../parts/plain-text.ts'
import type { OperationResult } from './results-of.ts'

/** What the agent got, after masking. */
export function Result({ result: { columns, rows, more, output, fullScreen, words } }: { readonly result: OperationResult }) {
  return (
    <Stack gap={4} pl="md" mt={4}>
      {columns.length > 0 && (
        <ScrollArea.Autosize mah={320} type="auto" viewportProps={{ tabIndex: 0 }}>
          <Table withTableBorder fz="xs" ff="monospace" stickyHeader>
            {/* Names of columns may be there twice. */}
            <Table.Thead><Table.Tr>{columns.map((name, index) => <Table.Th key={index}>{plainText(name)}</Table.Th>)}</Table.Tr></Table.Thead>
            <Table.Tbody>
              {rows.map((values, row) => (
                <Table.Tr key={row}>{values.map((value, column) => <Table.Td key={column}>{value === null ? <i>NULL</i> : plainText(value)}</Table.Td>)}</Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea.Autosize>
      )}
      {more > 0 && <Text size="xs">… {more.toLocaleString()} more rows</Text>}
      {fullScreen && <Text size="xs">A program drew on the whole screen here: “Replay as a terminal” shows it as it was.</Text>}
      {output !== '' && !fullScreen && <pre className="statement" tabIndex={0} aria-label="output">{plainText(output)}</pre>}
      {words.length > 0 && <Text size="xs">{plainText(words.join('; '))}</Text>}
    </Stack>
  )
}
