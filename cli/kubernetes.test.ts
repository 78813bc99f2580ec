import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type KubeEcho, startKubeEcho } from '../gateway/test/support/kube-echo.ts'
import { type KubeGateway, startKubeGateway } from '../gateway/test/support/kube-gateway.ts'
import { sendRaw } from '../gateway/test/support/raw-http.ts'

const program = fileURLToPath(new URL('sallyport.mjs', import.meta.url))
const POLICY = 'masks: []\nrules:\n  - { name: reads, when: operation.readOnly, then: allow }\n'

const Kubeconfig = z.object({
  clusters: z.array(z.object({ cluster: z.object({ server: z.string(), 'certificate-authority': z.string() }) })),
  users: z.array(z.object({ user: z.object({ exec: z.object({ apiVersion: z.string(), command: z.string(), args: z.array(z.string()), interactiveMode: z.string().optional() }) }) })),
})
const Credential = z.object({ apiVersion: z.string(), kind: z.literal('ExecCredential'), status: z.object({ token: z.string(), expirationTimestamp: z.string() }) })

suite('a kubeconfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-kubeconfig-'))
  let echo: KubeEcho
  let gateway: KubeGateway
  let tokenFile = ''

  before(async () => {
    echo = await startKubeEcho()
    gateway = await startKubeGateway({ port: echo.port, caFile: echo.caFile, credential: 'of-the-gateway', policy: POLICY })
    tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, gateway.token)
  })
  after(async () => {
    await gateway?.stop()
    await echo?.close()
    rmSync(folder, { recursive: true })
  })

  function sallyport(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ readonly status: number; readonly output: string; readonly errors: string }> {
    return run(process.execPath, [program, '--api', gateway.apiUrl, '--subject-token-file', tokenFile, '--ca', gateway.certificate.certFile, ...args], env)
  }

  function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ readonly status: number; readonly output: string; readonly errors: string }> {
    return new Promise((resolve) => {
      execFile(command, args, { env: { PATH: process.env['PATH'], HOME: folder, ...env }, timeout: 60_000 }, (error, output, errors) => resolve({ status: error === null ? 0 : Number(error.code ?? -1), output, errors }))
    })
  }

  test('holds no secret, and tells kubectl how to get one that the gateway takes', async () => {
    const { status, output, errors } = await sallyport(['kubeconfig', 'cluster', '--purpose', 'ticket 4711'])
    assert.equal(status, 0, errors)
    assert.ok(!output.includes(gateway.token))
    const config = Kubeconfig.parse(JSON.parse(output))
    const { exec } = config.users[0]?.user ?? assert.fail()
    assert.deepEqual([config.clusters[0]?.cluster.server, exec.apiVersion, exec.interactiveMode], [`https://127.0.0.1:${gateway.port}/cluster`, 'client.authentication.k8s.io/v1', 'Never'])
    const given = await run(exec.command, exec.args, { KUBERNETES_EXEC_INFO: '{"apiVersion":"client.authentication.k8s.io/v1beta1"}' })
    assert.equal(given.status, 0, given.errors)
    const { apiVersion, status: { token, expirationTimestamp } } = Credential.parse(JSON.parse(given.output))
    assert.equal(apiVersion, 'client.authentication.k8s.io/v1beta1')
    assert.match(expirationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.ok(Date.parse(expirationTimestamp) > Date.now())
    const answer = await sendRaw(gateway.port, gateway.certificate.cert, `GET /cluster/version HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`)
    assert.equal(answer.status, 200)
  })

  test('is made for what there is only', async () => {
    const unknown = await sallyport(['kubeconfig', 'nowhere'])
    assert.deepEqual([unknown.status, /there is no target "nowhere"/.test(unknown.errors)], [3, true])
    assert.equal((await sallyport(['kubeconfig', 'cluster', '--plugin-version', 'v2'])).status, 2)
    assert.match((await sallyport(['kubeconfig', 'cluster', '--plugin-version', 'v1beta1'])).output, /io\/v1beta1/)
  })
})
