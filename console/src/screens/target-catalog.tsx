import { Code, Group, Text } from '@mantine/core'
import type { TargetCatalog } from '@sallyport/contract'
import { counted } from '../parts/counted.ts'
import { Moment } from '../parts/moment.tsx'
import { plainText } from '../parts/plain-text.ts'

/** What a target holds, as the gateway knows it from the sessions there. */
export function CatalogOf({ target: { name, catalog } }: { readonly target: TargetCatalog }) {
  if (catalog === null) return <Text size="sm">Catalog: not read yet; the first session reads it.</Text>
  const { schemas, tables, views, maskedColumns, masked, readAt } = catalog
  return (
    <section aria-label={`catalog of ${name}`}>
      <Text size="sm">
        {counted(tables, 'table')} and {counted(views, 'view')} in {counted(schemas, 'schema')}; {maskedColumns === 0 ? 'no column is masked' : `${counted(maskedColumns, 'column')} masked`}. Read <Moment at={readAt} />.
      </Text>
      {masked.length > 0 && (
        <Group gap={4} mt={4}>
          {masked.map((column) => <Code key={column} className="anywhere">{plainText(column)}</Code>)}
          {maskedColumns > masked.length && <Text size="sm">and {maskedColumns - masked.length} more</Text>}
        </Group>
      )}
    </section>
  )
}
