import { Table } from '@mantine/core'
import type { ReactNode } from 'react'
import { plainText } from './plain-text.ts'

/** Names with what is known; what is not known is left out. */
export function Facts({ of }: { readonly of: readonly (readonly [name: string, value: ReactNode])[] }) {
  const known = of.filter(([, value]) => value !== undefined && value !== '')
  return (
    <Table verticalSpacing={4} horizontalSpacing={0} withRowBorders={false}>
      <Table.Tbody>
        {known.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Th scope="row" w={130} fw={500} style={{ verticalAlign: 'top' }}>{name}</Table.Th>
            <Table.Td style={{ overflowWrap: 'anywhere' }}>{typeof value === 'string' ? plainText(value) : value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
