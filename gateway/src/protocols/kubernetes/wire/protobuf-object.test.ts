import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readProtobufObject } from './protobuf-object.ts'
import { UnsureJson } from './strict-json.ts'

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])
const bytes = (number: number, content: Buffer | string): Buffer => {
  const body = Buffer.from(content)
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(body.length)]), body])
}
const flag = (number: number, value: number): Buffer => Buffer.from([...varint(number << 3), ...varint(value)])
const envelope = (apiVersion: string, kind: string, raw: Buffer, ...more: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), bytes(1, Buffer.concat([bytes(1, apiVersion), bytes(2, kind)])), bytes(2, raw), ...more])
const metadata = bytes(1, bytes(1, 'web'))

test('a pod is read with what rules look for', () => {
  const container = Buffer.concat([bytes(1, 'main'), bytes(2, 'nginx:1'), bytes(15, Buffer.concat([flag(2, 1), bytes(1, bytes(1, 'SYS_ADMIN'))]))])
  const volume = Buffer.concat([bytes(1, 'root'), bytes(2, bytes(1, bytes(1, '/')))])
  const spec = Buffer.concat([bytes(1, volume), bytes(2, container), bytes(8, 'robot'), flag(11, 1)])
  const { json, hasUnknown } = readProtobufObject(envelope('v1', 'Pod', Buffer.concat([metadata, bytes(2, spec)])))
  assert.equal(hasUnknown, false)
  assert.deepEqual(json, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' },
    spec: {
      volumes: [{ name: 'root', volumeSource: { hostPath: { path: '/' } } }],
      containers: [{ name: 'main', image: 'nginx:1', securityContext: { privileged: true, capabilities: { add: ['SYS_ADMIN'] } } }],
      serviceAccountName: 'robot', hostNetwork: true,
    },
  })
})

test('the data of a secret are base64, as in JSON', () => {
  const entry = bytes(2, Buffer.concat([bytes(1, 'password'), bytes(2, 'hunter2')]))
  const { json } = readProtobufObject(envelope('v1', 'Secret', Buffer.concat([metadata, entry, bytes(3, 'Opaque')])))
  assert.deepEqual(json, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web' }, data: { password: Buffer.from('hunter2').toString('base64') }, type: 'Opaque' })
})

test('what a decoder would merge, and what is not known, is not taken for read', () => {
  const refused = (body: Buffer): void => assert.throws(() => readProtobufObject(body), UnsureJson)
  refused(envelope('v1', 'Pod', Buffer.concat([metadata, metadata])))
  refused(envelope('v1', 'Secret', Buffer.concat([bytes(2, Buffer.concat([bytes(1, 'a'), bytes(2, 'x')])), bytes(2, Buffer.concat([bytes(1, 'a'), bytes(2, 'y')]))])))
  refused(envelope('example.com/v1', 'Widget', metadata))
  refused(envelope('v1', 'Pod', metadata, bytes(3, 'gzip')))
  refused(envelope('v1', 'Pod', metadata, bytes(4, 'application/json')))
  refused(envelope('v1', 'Pod', metadata, bytes(9, 'x')))
  refused(Buffer.from('{}'))
  refused(envelope('v1', 'Pod', flag(1, 1)))
  assert.equal(readProtobufObject(envelope('v1', 'Pod', Buffer.concat([metadata, bytes(99, 'x')]))).hasUnknown, true)
})

test('whatever comes, it is read or refused', () => {
  const whole = envelope('v1', 'Pod', Buffer.concat([metadata, bytes(2, bytes(2, bytes(2, 'image')))]))
  fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, end) => {
    const broken = Buffer.from(whole.subarray(0, end))
    if (at < broken.length) broken[at] = byte
    try {
      readProtobufObject(broken)
    } catch (error) {
      assert.ok(error instanceof UnsureJson, String(error))
    }
  }), { numRuns: 3_000 })
})
