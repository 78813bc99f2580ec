import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { eventually } from '../test/support/eventually.ts'
import { compilePolicy } from './governance/policy/compile-policy.ts'
import { document } from './governance/policy/policy-samples.test-support.ts'
import type { Policy, PolicySource } from './governance/policy/policy.ts'
import type { ProtocolAdapter } from './protocols/protocol-adapter.ts'
import { protocols } from './protocols.ts'
import { ProtocolListeners } from './protocol-listeners.ts'

const addresses = Object.fromEntries(protocols.map(({ name }) => [name, { host: '127.0.0.1', port: 0, names: [], isConfigured: name === 'postgres' }]))

test('a protocol listens from the moment when the policy has a target of it', async () => {
  const { policies, apply } = policySource([])
  const listeners = await ProtocolListeners.open({ adapters: protocols, addresses, policies, open, log })
  assert.deepEqual([...listeners.all.keys()], ['postgres'])
  apply(['ssh'])
  await eventually('it listens for SSH', () => listeners.all.has('ssh'))
  await connects(listeners.all.get('ssh')?.port ?? 0)
  apply([])
  apply(['ssh', 'postgres'])
  await listeners.close()
  assert.deepEqual([...listeners.all.keys()], ['postgres', 'ssh'])
  await assert.rejects(connects(listeners.all.get('ssh')?.port ?? 0))
})

test('a port that is taken stops the start; afterwards it keeps no other protocol from being opened, and is tried again', async () => {
  let attempts = 0
  const refused = (adapter: ProtocolAdapter) => (adapter.name === 'ssh' && taken && (attempts += 1) > 0 ? Promise.reject(new Error('taken')) : open())
  let taken = true
  await assert.rejects(ProtocolListeners.open({ adapters: protocols, addresses, policies: policySource(['ssh']).policies, open: refused, log }), /taken/)

  const { policies, apply } = policySource([])
  const listeners = await ProtocolListeners.open({ adapters: protocols, addresses, policies, open: refused, log, retryMs: 10 })
  apply(['ssh', 'kubernetes'])
  await eventually('the other listens', () => listeners.all.has('kubernetes'))
  await eventually('it is said', () => logged.length > 0)
  const before = attempts
  await eventually('it is tried again', () => attempts >= before + 3)
  assert.deepEqual(logged, ['targets of the policy cannot be reached: the gateway cannot listen for their protocol; it is tried again'], 'it is said once')
  taken = false
  await eventually('it listens for SSH', () => listeners.all.has('ssh'))
  await listeners.close()
})

const logged: string[] = []
const log = { info: () => undefined, warn: () => undefined, error: (_details: object, message: string) => void logged.push(message) }

async function open() {
  const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}

async function connects(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
}

/** @param names protocols of its targets */
function policySource(names: readonly string[]): { readonly policies: PolicySource; readonly apply: (names: readonly string[]) => void } {
  const listeners = new Set<(policy: Policy) => void>()
  const policyOf = (of: readonly string[]): Policy =>
    compilePolicy(document({ targets: of.map((protocol) => ({ name: protocol, protocol, host: '127.0.0.1', port: 1, labels: {}, settings: {} })) }), 1)
  const policies = {
    current: policyOf(names),
    onChange(listener: (policy: Policy) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  return {
    policies,
    apply(of) {
      policies.current = policyOf(of)
      for (const listener of listeners) listener(policies.current)
    },
  }
}
