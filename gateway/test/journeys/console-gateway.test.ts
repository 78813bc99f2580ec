import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { CSRF_HEADER } from '@sallyport/contract'
import { type RunningGateway, startGateway } from '../../src/main.ts'
import { Browser, type Page } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { CONSOLE_CLIENT, type LoginProvider, startLoginProvider } from '../support/login-provider.ts'

/** All of it, as it is put together in main.ts. */
describe('a gateway at which people log in with a browser', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-console-gateway-'))
  let provider: LoginProvider
  let gateway: RunningGateway
  let start: () => Promise<RunningGateway>
  const browser = new Browser()
  const ask = async (path: string): Promise<Page> => browser.ask(gateway.apiUrl + path)
  before(async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    provider = await startLoginProvider([`${url}/auth/callback/corp`], url)
    provider.person = { sub: 'u-17', claims: { preferred_username: 'dana', groups: ['platform'] } }
    start = () => startGateway({
      configText: `version: 1
gateway:
  dataDir: ${folder}
  api: { port: ${port} }
  protocols: { postgres: { port: 0 }, ssh: { port: 0 } }
  console: { idle: 10m, longest: 1h }
issuers:
  - name: corp
    issuer: ${provider.url}
    audience: sallyport
    person: preferred_username
    console: { clientId: ${CONSOLE_CLIENT}, clientSecret: vault:console }
roles: { administrator: [platform] }
`,
      secrets: { console: provider.clientSecret }, logLevel: 'silent',
    })
    gateway = await start()
  })
  after(async () => {
    await gateway.close()
    await provider.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('logs them in, with a secret from the vault, and obeys them as it obeys their tokens', async () => {
    const page = await browser.follow(`${gateway.apiUrl}/auth/login/corp?next=/somewhere`)
    assert.equal(new URL(page.url).pathname, '/somewhere')
    const session = JSON.parse((await ask('/auth/session')).body) as { name: string; roles: string[]; csrf: string }
    assert.deepEqual([session.name, session.roles], ['dana', ['administrator']])
    const policy = JSON.parse((await ask('/api/v1/policy')).body) as { text: string }
    const applied = await browser.ask(`${gateway.apiUrl}/api/v1/policy`, {
      method: 'POST', headers: { [CSRF_HEADER]: session.csrf, 'content-type': 'application/yaml' }, body: policy.text.replace('[platform]', '[platform, others]'),
    })
    assert.equal(applied.status, 200, applied.body)
  })

  it('knows their sessions after it was started anew', async () => {
    await gateway.close()
    gateway = await start()
    assert.equal((await ask('/auth/session')).status, 200)
  })

  it('keeps neither cookie nor token nor code in any file', () => {
    const written = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1')).join('\n')
    const inAddresses = browser.visited.flatMap((url) => ['code', 'state', 'nonce'].flatMap((name) => new URL(url).searchParams.getAll(name)))
    const secrets = [...browser.seenCookies, ...inAddresses, provider.clientSecret]
    assert.ok(secrets.length >= 8 && written.includes('u-17'))
    for (const secret of secrets) assert.ok(!written.includes(secret), 'a secret was kept in the clear')
  })
})
