import type { Review, ReviewLine } from '@sallyport/contract'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { plainText } from '../parts/plain-text.ts'
import { liveLines } from './live-lines.ts'

const KEY = ['reviews', 'live']
const AGAIN_MS = 3_000

/** Every review that is open, and those that were while this page was. Newest first. */
export function useLiveReviews(): readonly Review[] {
  const { data } = useQuery<ReadonlyMap<string, Review>>({ queryKey: KEY, queryFn: () => new Map(), staleTime: Infinity, gcTime: Infinity })
  return [...(data?.values() ?? [])].toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))
}

/**
 * Follows reviews for as long as somebody is logged in: one stream for the whole page.
 * @param open leads the person to a review; they have chosen its notification
 */
export function useFollowReviews(open: (review: Review) => void): void {
  const queries = useQueryClient()
  const lead = useRef(open)
  lead.current = open
  useEffect(() => {
    const stop = new AbortController()
    void follow(queries, stop.signal, (review) => lead.current(review))
    return () => stop.abort()
  }, [queries])
}

async function follow(queries: QueryClient, signal: AbortSignal, open: (review: Review) => void): Promise<void> {
  // What came while the stream was broken is news too, once the page was live.
  let live = false
  while (!signal.aborted) {
    try {
      for await (const line of liveLines<ReviewLine>('/api/v1/reviews/events', signal)) {
        if (line.type === 'live') live = true
        if (line.type !== 'review') continue
        const { review } = line
        const isNew = queries.getQueryData<ReadonlyMap<string, Review>>(KEY)?.has(review.id) !== true
        putReview(queries, review)
        if (live && isNew && review.state === 'open' && review.mayAnswer) notify(review, open)
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
function notify(review: Review, open: (review: Review) => void): void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || document.hasFocus()) return
  const shown = new Notification('A review waits', { body: plainText(`${review.requester.name} on ${review.target}`), tag: review.id })
  shown.addEventListener('click', () => {
    window.focus()
    open(review)
    shown.close()
  })
}
