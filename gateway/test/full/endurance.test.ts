import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type TestGateway, startTestGateway } from '../support/gateway.ts'
import { withstandMalformed } from '../support/malformed.ts'
import { ALLOW_ALL, SHOP_POLICY } from '../support/policies.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type Shop, createShop } from '../support/shop.ts'
import { readSlowly } from '../support/slow-reader.ts'

/** The journeys' own faults, at full size. */
let server: PostgresServer
let shop: Shop
before(async () => {
  server = await startPostgres()
  shop = await createShop(server)
})
after(() => server.stop())

async function within(policy: string, use: (gateway: TestGateway) => Promise<void>): Promise<void> {
  const gateway = await startTestGateway({
    targets: [{ port: server.port, ...shop }],
    policy,
    tls: false,
    settings: 'limits: { handshakeTimeout: 5s }',
  })
  try {
    await use(gateway)
  } finally {
    await gateway.stop()
  }
}

test('memory stays flat while 5 GB stream to a slow client', { timeout: 1_800_000 }, async (t) => {
  await within(ALLOW_ALL, async (gateway) => {
    const total = 5_000_000_000
    const login = {
      host: gateway.host,
      port: gateway.port,
      user: 'support-bot',
      database: gateway.database,
      password: await gateway.issuer.agentToken('support-bot'),
    }
    const { bytes, heldBytes, peakBytes } = await readSlowly(login, gateway, total, 1000)
    t.diagnostic(
      `${bytes} bytes; highest ${Math.round(peakBytes / 2 ** 20)} MiB, held for a client that did not read ${Math.round(heldBytes / 1024)} KiB`,
    )
    assert.ok(bytes > total)
    assert.ok(heldBytes < 16 * 2 ** 20, `the gateway held ${Math.round(heldBytes / 1024)} KiB`)
    assert.ok(peakBytes < 2048 * 2 ** 20)
  })
})

test(
  '10,000 malformed, split and joined conversations: no crash, no hang, no growth, nothing changed',
  { timeout: 1_800_000 },
  async () => {
    const fingerprint = await shop.fingerprint()
    await within(SHOP_POLICY, async (gateway) => {
      await withstandMalformed(gateway, 'support-bot', 10_000)
      assert.doesNotMatch(gateway.log(), /internal error/)
    })
    assert.equal(await shop.fingerprint(), fingerprint)
  },
)
