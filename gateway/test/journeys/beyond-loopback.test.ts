import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { startClient } from '../support/run-client.ts'
import type { Attempt } from '../support/beyond-loopback.child.ts'

/** What the other side's address changes: in a network namespace of its own, where nobody else can come in. */
const OWN_NETWORK = ['--net', 'sh', '-c', 'ip link set lo up && ip address add 192.0.2.77/32 dev lo && exec "$0" "$@"']
const canMakeIt = spawnSync('unshare', [...OWN_NETWORK, 'true']).status === 0
const skip = canMakeIt ? false : 'only root can make a network of its own, by unshare and ip'

test('beyond loopback a token comes only by TLS, and a password goes only to a verified target', { skip, timeout: 300_000 }, async () => {
  const child = join(import.meta.dirname, '../support/beyond-loopback.child.ts')
  const command = [...OWN_NETWORK, process.execPath, child]
  const { status, output, errors } = await startClient('unshare', command, '', { timeout: 240_000 }).result
  assert.equal(status, 0, errors)
  const clear =
    '28000 the target asks for the password in the clear; the gateway tells it only over verify-full TLS, or on loopback'
  const untaken = '28000 a token is never taken over an unencrypted connection'
  assert.deepEqual(JSON.parse(output), [
    { name: 'password, no TLS, near', outcome: 'in', told: true },
    { name: 'password, no TLS, far', outcome: clear, told: false },
    { name: 'password, unverified TLS, far', outcome: clear, told: false },
    { name: 'password, verified TLS, far', outcome: 'in', told: true },
    { name: 'scram-sha-256, no TLS, near', outcome: 'in', told: true },
    { name: 'scram-sha-256, no TLS, far', outcome: 'in', told: true },
    { name: 'scram-sha-256, unverified TLS, far', outcome: 'in', told: true },
    { name: 'scram-sha-256, verified TLS, far', outcome: 'in', told: true },
    { name: 'client in clear, far', outcome: untaken, told: false },
    { name: 'client by TLS, far', outcome: 'in', told: true },
  ] satisfies Attempt[])
})
