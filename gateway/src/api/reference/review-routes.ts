import { json, live, type RouteGroup } from './described-route.ts'
import * as example from './examples.ts'

const SEEN = 'everybody their own, and those that they may answer; auditor, operator, administrator all'
const TOLD = 'reviewer, operator, administrator'
const ASK = { target: 'shop', minutes: 60, reason: 'incident 12', rule: 'night-shift' }
const channel = {
  name: 'chat', origin: 'https://chat.example.com', events: ['review.requested'], state: 'ok', failingSince: null, lastError: null, waiting: 0, dropped: 0, delivered: 31,
}

export const reviewGroup: RouteGroup = {
  name: 'Reviews', about: 'Operations that wait for a person, and time windows that were granted.',
  routes: [
    { method: 'get', path: '/api/v1/reviews', id: 'listReviews', summary: 'Reviews, the newest first; a page may hold fewer than asked for and have a next one', who: SEEN, query: 'ReviewQuery', answer: json('ReviewList', { reviews: [example.review], next: null }) },
    { method: 'get', path: '/api/v1/reviews/events', id: 'followReviews', summary: 'Open reviews, then each as it changes; empty lines while none does', who: SEEN, answer: live('ReviewLine', { type: 'live' }) },
    { method: 'get', path: '/api/v1/reviews/channels', id: 'listChannels', summary: 'Whether people are told of reviews by webhooks', who: TOLD, answer: json('ChannelList', { channels: [channel] }) },
    { method: 'post', path: '/api/v1/reviews/channels/{name}/test', id: 'testChannel', summary: 'Sends a test message at once', who: TOLD, answer: json('ChannelTest', { delivered: true, error: null, tookMs: 48 }) },
    { method: 'get', path: '/api/v1/reviews/{id}', id: 'showReview', summary: 'One review', who: SEEN, answer: json('Review', example.review) },
    { method: 'delete', path: '/api/v1/reviews/{id}', id: 'withdrawReview', summary: 'Withdraws a review', who: 'the requester', answer: json('Review', { ...example.review, state: 'withdrawn', mayAnswer: false }) },
    { method: 'post', path: '/api/v1/reviews/{id}/answers', id: 'answerReview', summary: 'Approves, narrows or denies; a denial needs a reason', who: 'who may answer, with an identity token or at the console', body: json('AnswerRequest', { answer: 'approve', digest: example.DIGEST, narrow: { rows: 1 } }), answer: json('Review', { ...example.review, state: 'approved', mayAnswer: false }) },
    { method: 'get', path: '/api/v1/access', id: 'listGrants', summary: 'Grants that hold now', who: 'everybody their own; auditor, operator, administrator all', answer: json('GrantList', { grants: [example.grant] }) },
    { method: 'post', path: '/api/v1/access', id: 'requestAccess', summary: 'Asks for a time window on a target', who: 'everybody', body: json('AccessRequest', ASK), status: 201, answer: json('Review', example.accessReview) },
    { method: 'post', path: '/api/v1/access/break-glass', id: 'breakGlass', summary: 'Takes a time window at once', who: 'people of a group that a rule names for it, with an identity token or at the console', body: json('AccessRequest', ASK), status: 201, answer: json('Grant', { ...example.grant, kind: 'break-glass' }) },
    { method: 'delete', path: '/api/v1/access/{id}', id: 'endGrant', summary: 'Ends a grant, with the sessions under it', who: 'its requester, operator, administrator', answer: json('Grant', example.grant) },
  ],
}
