import { Button, Group, NativeSelect, Paper, Stack, Text } from '@mantine/core'
import type { Grant, GrantList, Review, ReviewList } from '@sallyport/contract'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ask } from '../api/client.ts'
import type { Problem } from '../api/problem.ts'
import { useSession } from '../api/queries.ts'
import { State } from '../parts/badges.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, Pending } from '../parts/pending.tsx'
import { plainText } from '../parts/plain-text.ts'
import { ProblemAlert } from '../parts/problem-alert.tsx'
import { ReviewCard } from './review-card.tsx'

const STATES = ['approved', 'used', 'denied', 'expired', 'withdrawn', 'open']

/** What was asked before, and what became of it. */
export function History() {
  const [state, setState] = useState('')
  const [shown, setShown] = useState<string>()
  const reviews = useInfiniteQuery<ReviewList, Problem, readonly Review[], readonly string[], string | null>({
    queryKey: ['reviews', 'history', state],
    queryFn: ({ pageParam, signal }) => ask<ReviewList>(`/api/v1/reviews?limit=50${state === '' ? '' : `&state=${state}`}${pageParam === null ? '' : `&after=${encodeURIComponent(pageParam)}`}`, undefined, signal),
    initialPageParam: null,
    getNextPageParam: ({ next }) => next,
    select: ({ pages }) => pages.flatMap((page) => page.reviews),
  })
  return (
    <Stack>
      <NativeSelect label="State" value={state} onChange={(event) => setState(event.currentTarget.value)} data={[{ value: '', label: 'all' }, ...STATES]} w={180} />
      <Pending of={reviews}>
        {(all) => all.length === 0 && !reviews.hasNextPage ? <Empty title="None of these">What you asked for, and what you may answer, is kept here with its answers.</Empty> : all.map((review) => shown === review.id
          ? <ReviewCard key={review.id} review={review} />
          : (
            <Paper key={review.id} withBorder p="xs">
              <Group justify="space-between" wrap="nowrap">
                <div style={{ minWidth: 0 }}>
                  <Text size="sm"><b>{plainText(review.requester.name)}</b> on {plainText(review.target)}, <Moment at={review.createdAt} /></Text>
                  <Text size="xs" c="dimmed" truncate>{plainText(review.kind === 'operation' ? review.card.text : review.reason)}</Text>
                </div>
                <Group gap="xs" wrap="nowrap"><State word={review.state} /><Button size="xs" variant="default" onClick={() => setShown(review.id)} aria-label={`show the review of ${plainText(review.requester.name)} on ${plainText(review.target)}`}>Show</Button></Group>
              </Group>
            </Paper>
          ))}
      </Pending>
      {reviews.hasNextPage && <Button variant="default" onClick={() => void reviews.fetchNextPage()} loading={reviews.isFetchingNextPage}>Earlier ones</Button>}
    </Stack>
  )
}

/** Time windows that hold now. */
export function Grants() {
  const grants = useQuery<GrantList, Problem>({ queryKey: ['grants'], queryFn: () => ask<GrantList>('/api/v1/access'), refetchInterval: 10_000 })
  return (
    <Pending of={grants}>
      {({ grants: all }) => all.length === 0
        ? <Empty title="No grant holds now">Ask for one with <code>sallyport access request</code>; it waits here as a review until somebody grants it.</Empty>
        : all.map((grant) => <One key={grant.id} grant={grant} />)}
    </Pending>
  )
}

function One({ grant: { id, kind, requester, target, rules, reason, until } }: { readonly grant: Grant }) {
  const { data: session } = useSession()
  const queries = useQueryClient()
  const end = useMutation<Grant, Problem>({
    mutationFn: () => ask<Grant>(`/api/v1/access/${encodeURIComponent(id)}`, { method: 'DELETE' }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['grants'] }),
  })
  const may = session !== null && session !== undefined
    && (session.roles.some((role) => role === 'operator' || role === 'administrator') || (requester.name === session.name && requester.issuer === session.issuer))
  return (
    <Paper withBorder p="md">
      {end.error !== null && <ProblemAlert error={end.error} />}
      <Group justify="space-between">
        <div>
          <Text size="sm"><b>{plainText(requester.name)}</b> on {plainText(target)}: {kind === 'break-glass' ? 'glass was broken' : 'access was granted'}, by rule {rules.map(plainText).join(', ')}; ends <Moment at={until} /></Text>
          <Text size="sm">{plainText(reason)}</Text>
        </div>
        {may && <Button size="xs" color="red" variant="outline" onClick={() => end.mutate()} loading={end.isPending}>End it and the sessions under it</Button>}
      </Group>
    </Paper>
  )
}
