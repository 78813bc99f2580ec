import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { postgresKind } from './config-samples.test-support.ts'
import { parseConfig } from './parse-config.ts'
import { renderProblems } from './problem.ts'

function read(webhooks: string) {
  return parseConfig(`version: 1\ngateway:\n  reviews:\n    webhooks: ${webhooks}\n`, [postgresKind])
}

const complete = 'name: a, url: https://a.example/x, secret: vault:a'

describe('the webhooks that are told of reviews', () => {
  test('are told of everything but the statement, unless the document says otherwise', () => {
    const result = read(`[{ ${complete} }, { name: b, url: 'http://127.0.0.1:9/', secret: env:B, events: [review.closed], include: statement }]`)
    if ('problems' in result) assert.fail(renderProblems('it', result.problems))
    assert.deepEqual(result.config.gateway.reviews, {
      webhooks: [
        { name: 'a', url: 'https://a.example/x', secret: 'vault:a', events: undefined, includeStatement: false },
        { name: 'b', url: 'http://127.0.0.1:9/', secret: 'env:B', events: ['review.closed'], includeStatement: true },
      ],
    })
  })

  for (const [what, webhooks, problem] of [
    ['without a secret', '[{ name: a, url: https://a.example/ }]', /"secret" is missing|secret/],
    ['a secret in clear', '[{ name: a, url: https://a.example/, secret: whsec_hunter2 }]', /by reference only|expected vault:NAME/],
    ['http beyond loopback', '[{ name: a, url: http://a.example/, secret: vault:a }]', /expected an https URL/],
    ['a password in the URL', '[{ name: a, url: https://u:hunter2@a.example/, secret: vault:a }]', /expected an https URL/],
    ['no URL', '[{ name: a, url: hunter2, secret: vault:a }]', /expected an https URL/],
    ['an event that there is not', `[{ ${complete}, events: [review.asked] }]`, /review\.requested/],
    ['no event', `[{ ${complete}, events: [] }]`, /leave the key out to mean all/],
    ['parameters', `[{ ${complete}, include: parameters }]`, /statement/],
    ['an unknown key', `[{ ${complete}, event: [review.closed] }]`, /unknown key "event"; did you mean "events"\?/],
    ['a name with a slash', '[{ name: a/b, url: https://a.example/, secret: vault:a }]', /a name has 1 to 63/],
    ['one name for two', `[{ ${complete} }, { ${complete} }]`, /4:\d+ another webhook has this name/],
    ['too many', `[${Array.from({ length: 21 }, (_one, index) => `{ name: a${index}, url: https://a.example/, secret: vault:a }`).join(', ')}]`, /at most 20 webhooks/],
  ] as const) {
    test(`are refused with ${what}, in words without what may be secret`, () => {
      const result = read(webhooks)
      if (!('problems' in result)) assert.fail('it was taken')
      const words = renderProblems('it', result.problems)
      assert.match(words, problem)
      assert.equal(result.problems.length, 1, words)
      assert.doesNotMatch(words, /hunter2/)
    })
  }
})
