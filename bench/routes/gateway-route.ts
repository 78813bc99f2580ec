import { fileURLToPath } from 'node:url'
import { startTestGateway } from '../../gateway/test/support/gateway.ts'
import type { Database, Route } from './route.ts'

/** A mask on a column of the very table that is read, and rules that must be evaluated: nothing is switched off for the measurement. */
const POLICY = `
masks:
  - { name: filler, columns: [pgbench_accounts.filler], method: redact }
rules:
  - { name: reads, when: operation.readOnly, then: allow }
  - { name: destructive, when: 'operation.actions.exists(a, a in ["drop", "truncate"])', then: deny, message: never }
  - { name: unbounded, when: 'operation.actions.exists(a, a in ["delete", "update"]) && !operation.filtered', then: deny, message: add a WHERE clause }
`

/**
 * The gateway in a process of its own, with policy, masks, ledger and recording on; `unrecorded` without the last two,
 * to see what they cost.
 */
export async function gatewayRoute(database: Database, name: 'gateway' | 'unrecorded'): Promise<Route> {
  const unrecorded = name === 'unrecorded'
  const gateway = await startTestGateway({
    targets: [{ name: 'bench', ...database, ...(unrecorded && { record: '{ rows: none }' }) }],
    policy: POLICY,
    tls: false,
    ...(unrecorded && { nodeFlags: ['--import', fileURLToPath(new URL('../unrecorded/import.mjs', import.meta.url))] }),
  })
  return {
    name,
    port: gateway.port,
    user: 'nightly-report',
    database: gateway.database,
    pid: gateway.pid,
    password: () => gateway.issuer.agentToken('nightly-report'),
    stop: () => gateway.stop(),
  }
}
