import type { ReviewNews } from './review-channel.ts'
import type { ReviewsOptions } from './reviews-options.ts'

/** What a channel does with news is its own: none of them stops a review. */
export function tellChannels({ channels, onError }: Pick<ReviewsOptions, 'channels' | 'onError'>, news: ReviewNews): void {
  for (const channel of channels) {
    try {
      channel.tell(news)
    } catch (error) {
      onError(error as Error, 'a channel of reviews took no news')
    }
  }
}
