import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import test from 'node:test'
import tls from 'node:tls'
import { makeSelfSignedCertificate } from './self-signed-certificate.ts'

test('the certificate names loopback, is for servers, is no authority, and is valid from yesterday for 30 days', () => {
  for (const now of [Date.UTC(2026, 0, 1, 12), Date.UTC(2049, 10, 1)]) {
    const certificate = new X509Certificate(makeSelfSignedCertificate(now).cert)
    assert.equal(certificate.subject, 'CN=localhost')
    assert.equal(certificate.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1')
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.ok(certificate.verify(certificate.publicKey))
    assert.equal(Date.parse(certificate.validFrom), now - 86_400_000)
    assert.equal(Date.parse(certificate.validTo), now + 30 * 86_400_000)
  }
})

test('two certificates have neither key nor serial number in common', () => {
  const [one, other] = [makeSelfSignedCertificate(), makeSelfSignedCertificate()]
  assert.notEqual(one.key, other.key)
  assert.notEqual(new X509Certificate(one.cert).serialNumber, new X509Certificate(other.cert).serialNumber)
})

test('a client that trusts it talks to 127.0.0.1, and one that does not refuses', async () => {
  const { cert, key } = makeSelfSignedCertificate()
  const server = tls.createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => undefined)
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  try {
    const socket = tls.connect({ host: '127.0.0.1', port: address.port, ca: cert })
    const [data] = await once(socket, 'data')
    assert.equal(String(data), 'hello')
    const wary = tls.connect({ host: '127.0.0.1', port: address.port })
    await assert.rejects(once(wary, 'secureConnect'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
  } finally {
    server.close()
  }
})
