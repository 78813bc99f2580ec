import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type KubeEcho, startKubeEcho } from '../support/kube-echo.ts'
import { type KubeGateway, startKubeGateway } from '../support/kube-gateway.ts'
import { sendRaw } from '../support/raw-http.ts'
import { EVASION_POLICY, KUBE_EVASIONS, type KubeEvasion } from '../tables/kube-evasions.ts'

const CREDENTIAL = 'credential-of-the-gateway'

describe('around the rules of a Kubernetes target', () => {
  let echo: KubeEcho
  let gateway: KubeGateway

  before(async () => {
    echo = await startKubeEcho()
    gateway = await startKubeGateway({ port: echo.port, caFile: echo.caFile, credential: CREDENTIAL, policy: EVASION_POLICY })
  })
  after(async () => {
    await gateway?.stop()
    await echo?.close()
  })

  test('there are more than a hundred ways, all different', () => {
    assert.ok(KUBE_EVASIONS.length >= 150, String(KUBE_EVASIONS.length))
    assert.equal(new Set(KUBE_EVASIONS.map(({ name }) => name)).size, KUBE_EVASIONS.length)
  })

  for (const evasion of KUBE_EVASIONS) {
    test(evasion.name, async () => {
      echo.seen.length = 0
      const answer = await sendRaw(gateway.port, gateway.certificate.cert, bytesOf(evasion, gateway))
      const { arrivesWithout } = evasion
      if (arrivesWithout === undefined) {
        assert.deepEqual(echo.seen.map(({ method, url }) => `${method} ${url}`), [], 'it came to the API server')
        assert.ok(answer.status === 0 || answer.status >= 400, answer.head)
        return
      }
      assert.equal(echo.seen.length, 1, answer.head + answer.body)
      const lines: string[] = []
      for (let at = 0; at < (echo.seen[0]?.rawHeaders.length ?? 0); at += 2) lines.push(`${echo.seen[0]?.rawHeaders[at]}: ${echo.seen[0]?.rawHeaders[at + 1]}`)
      assert.doesNotMatch(lines.join('\n'), arrivesWithout)
      assert.equal(echo.seen[0]?.headers['authorization'], `Bearer ${CREDENTIAL}`)
      assert.doesNotMatch(answer.head, /set-cookie/i)
    })
  }

  test('what is plain passes', async () => {
    echo.seen.length = 0
    for (const path of ['/api/v1/pods', '/api/v1/namespaces/default/pods/web/log?follow=true', '/version', '/apis/apps/v1/deployments?watch=true', '/api/v1/namespaces/default/pods/a%3Ab']) {
      const answer = await sendRaw(gateway.port, gateway.certificate.cert, bytesOf({ name: '', path }, gateway))
      assert.equal(answer.status, 200, path + answer.body)
    }
    assert.deepEqual(echo.seen.map(({ url }) => url), ['/api/v1/pods', '/api/v1/namespaces/default/pods/web/log?follow=true', '/version', '/apis/apps/v1/deployments?watch=true', '/api/v1/namespaces/default/pods/a:b'])
  })
})

function bytesOf(evasion: KubeEvasion, { token, port }: KubeGateway): Buffer {
  const host = `127.0.0.1:${port}`
  if (evasion.raw !== undefined) return Buffer.from(evasion.raw({ token, host }), 'latin1')
  const { method = 'GET', path = '', target = `/cluster${path}`, headers = [], body } = evasion
  const content = body === undefined ? Buffer.alloc(0) : Buffer.from(body)
  const framed = headers.some((header) => /^(content-length|transfer-encoding|upgrade):/i.test(header)) || body === undefined
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, `Authorization: Bearer ${token}`, ...headers, ...(framed ? [] : [`Content-Length: ${content.length}`]), '', '']
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), content])
}
