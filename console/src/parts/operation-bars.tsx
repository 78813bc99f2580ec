import { Group, Stack, Table, Text, Title, VisuallyHidden } from '@mantine/core'
import { useEffect } from 'react'
import { useSearch } from '../api/queries.ts'
import { barsOf } from './bars-of.ts'

const HEIGHT = 90
const WIDTH = 14
/** Pages of found operations that are fetched for the picture. */
const MAX_PAGES = 10

/** Operations of the last day by the hour and by decision; for those who cannot see it, the same as a table. */
export function OperationBars() {
  const { data, hasNextPage, fetchNextPage, isFetching } = useSearch('since:1d')
  const pages = Math.ceil((data?.found.length ?? 0) / 100)
  useEffect(() => {
    if (hasNextPage && !isFetching && pages < MAX_PAGES) void fetchNextPage()
  }, [hasNextPage, isFetching, fetchNextPage, pages])
  if (data === undefined || data.found.length === 0) return undefined
  const hours = barsOf(data.found, Date.now())
  const most = Math.max(1, ...hours.map(({ allow, review, deny }) => allow + review + deny))
  return (
    <Stack gap={4}>
      <Title order={2} size="h4">Operations in the last day</Title>
      <svg className="bars" viewBox={`0 0 ${24 * WIDTH} ${HEIGHT}`} height={HEIGHT} width="100%" preserveAspectRatio="none" aria-hidden="true">
        {hours.map((hour, index) => {
          let top = HEIGHT
          return (['allow', 'review', 'deny'] as const).map((effect) => {
            const height = (hour[effect] / most) * (HEIGHT - 4)
            top -= height
            return height > 0 && <rect key={`${hour.label} ${effect}`} data-effect={effect} x={index * WIDTH + 1} y={top} width={WIDTH - 2} height={height}><title>{`${hour.label}: ${hour[effect]} ${effect}`}</title></rect>
          })
        })}
      </svg>
      <Group justify="space-between" gap="xs" wrap="nowrap" aria-hidden="true">{hours.filter((_, index) => index % 6 === 0).map(({ label }) => <Text key={label} size="xs" c="dimmed">{label}</Text>)}<Text size="xs" c="dimmed">now</Text></Group>
      <Text size="xs" c="dimmed">
        <span className="bars-key" data-effect="allow" />allowed<span className="bars-key" data-effect="review" />reviewed<span className="bars-key" data-effect="deny" />denied, by the hour; the highest has {most.toLocaleString()}.{hasNextPage ? ' Only the newest are counted.' : ''}
      </Text>
      <VisuallyHidden>
        <Table>
          <thead><tr><th>Hour</th><th>allowed</th><th>reviewed</th><th>denied</th></tr></thead>
          <tbody>{hours.map(({ label, allow, review, deny }) => <tr key={label}><td>{label}</td><td>{allow}</td><td>{review}</td><td>{deny}</td></tr>)}</tbody>
        </Table>
      </VisuallyHidden>
    </Stack>
  )
}
