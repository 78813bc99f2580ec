import assert from 'node:assert/strict'
import type { AnswerRequest, Review } from '@sallyport/contract'
import { eventually } from './eventually.ts'
import type { TestGateway } from './gateway.ts'

/** Somebody at the control API. */
export class ApiUser {
  readonly #gateway: () => Pick<TestGateway, 'apiUrl'>
  readonly #token: string

  /** @param gateway asked each time: it may have been restarted at another address */
  constructor(gateway: () => Pick<TestGateway, 'apiUrl'>, token: string) {
    this.#gateway = gateway
    this.#token = token
  }

  get headers(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.#token}` }
  }

  /** @returns the status, and the body as JSON where there is one */
  async call(method: string, path: string, body?: object | string): Promise<{ status: number; body: Record<string, unknown> }> {
    const answer = await fetch(`${this.#gateway().apiUrl}${path}`, {
      method,
      headers: {
        ...this.headers,
        ...(body !== undefined && { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
  }

  async reviews(state?: Review['state']): Promise<Review[]> {
    const { status, body } = await this.call('GET', `/api/v1/reviews?limit=200${state === undefined ? '' : `&state=${state}`}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body['reviews'] as Review[]
  }

  async review(id: string): Promise<Review> {
    const { status, body } = await this.call('GET', `/api/v1/reviews/${id}`)
    assert.equal(status, 200, JSON.stringify(body))
    return body as unknown as Review
  }

  /** The open review whose statement holds `text`, as soon as there is one. */
  async asked(text: string): Promise<Extract<Review, { kind: 'operation' }>> {
    let found: Review | undefined
    await eventually(`somebody is asked about ${text}`, async () => {
      found = (await this.reviews('open')).find((review) => review.kind === 'operation' && review.card.text.includes(text))
      return found !== undefined
    })
    assert.ok(found?.kind === 'operation')
    return found
  }

  answer(review: Pick<Review, 'id' | 'digest'>, answer: Omit<AnswerRequest, 'digest'> & { digest?: string }): Promise<{ status: number; body: Record<string, unknown> }> {
    return this.call('POST', `/api/v1/reviews/${review.id}/answers`, { digest: review.digest, ...answer })
  }

  /** @throws AssertionError when the answer is not taken */
  async approve(review: Pick<Review, 'id' | 'digest'>, narrow?: AnswerRequest['narrow']): Promise<void> {
    const { status, body } = await this.answer(review, { answer: 'approve', ...(narrow && { narrow }) })
    assert.equal(status, 200, JSON.stringify(body))
  }
}

export async function person(gateway: () => Pick<TestGateway, 'apiUrl' | 'issuer'>, name: string, ...groups: string[]): Promise<ApiUser> {
  return new ApiUser(gateway, await gateway().issuer.personToken(name, groups))
}
