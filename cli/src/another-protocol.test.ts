import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anotherProtocol } from './another-protocol.ts'

test('a command for another protocol than the target\'s says which one opens it', () => {
  const hint = (protocol: string): string => anotherProtocol({ name: 'shop', protocol, host: '127.0.0.1', port: 1, tls: true, labels: {} }).hint
  assert.deepEqual(['postgres', 'ssh', 'kubernetes', 'later'].map(hint), [
    'Open it with: sallyport psql shop', 'Open it with: sallyport ssh shop', 'Open it with: sallyport kubeconfig shop', 'Open it with: sallyport token --target shop',
  ])
})
