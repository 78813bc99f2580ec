import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startTestGateway } from '../support/gateway.ts'
import { withstandMalformed } from '../support/malformed.ts'
import { SHOP_POLICY } from '../support/policies.ts'
import { startPostgres } from '../support/postgres.ts'
import { createShop } from '../support/shop.ts'

test(
  '500 malformed, split and joined conversations: no crash, no hang, no growth, nothing changed',
  { timeout: 300_000 },
  async () => {
    const server = await startPostgres()
    try {
      const shop = await createShop(server)
      const before = await shop.fingerprint()
      const gateway = await startTestGateway({
        targets: [{ port: server.port, ...shop }],
        policy: SHOP_POLICY,
        tls: false,
        settings: 'limits: { handshakeTimeout: 5s }',
      })
      try {
        await withstandMalformed(gateway, 'support-bot', 500)
        assert.doesNotMatch(gateway.log(), /internal error/)
      } finally {
        await gateway.stop()
      }
      assert.equal(await shop.fingerprint(), before)
    } finally {
      await server.stop()
    }
  },
)
