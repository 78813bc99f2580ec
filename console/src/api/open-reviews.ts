import type { Review, ReviewLine } from '@sallyport/contract'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { lines } from './lines.ts'

const KEY = ['reviews', 'live']
const AGAIN_MS = 3_000

/** Every review that is open, and those that were while this page was. Newest first. */
export function useLiveReviews(): readonly Review[] {
  const { data } = useQuery<ReadonlyMap<string, Review>>({ queryKey: KEY, queryFn: () => new Map(), staleTime: Infinity, gcTime: Infinity })
  return [...(data?.values() ?? [])].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
}

/** Follows reviews for as long as somebody is logged in: one stream for the whole page. */
export function useFollowReviews(): void {
  const queries = useQueryClient()
  useEffect(() => {
    const stop = new AbortController()
    void follow(queries, stop.signal)
    return () => stop.abort()
  }, [queries])
}

async function follow(queries: QueryClient, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let live = false
    try {
      for await (const line of lines<ReviewLine>('/api/v1/reviews/events', signal)) {
        if (line.type === 'live') live = true
        if (line.type !== 'review') continue
        putReview(queries, line.review)
        if (live && line.review.state === 'open' && line.review.mayAnswer) notify(line.review)
      }
    } catch {
      // Asked again below; what the page shows meanwhile is what it knew.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

export function putReview(queries: QueryClient, review: Review): void {
  queries.setQueryData<ReadonlyMap<string, Review>>(KEY, (known) => new Map(known).set(review.id, review))
}

/** Only where the person has allowed it, and only when they look elsewhere. Says nothing of what the operation is. */
function notify(review: Review): void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || document.visibilityState === 'visible') return
  const shown = new Notification('A review waits', { body: `${review.requester.name} on ${review.target}`, tag: review.id })
  shown.addEventListener('click', () => window.focus())
}
