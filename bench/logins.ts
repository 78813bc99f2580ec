import { parseArgs } from 'node:util'
import { setUpIdentity } from '../gateway/test/support/identity-setup.ts'
import { startHandmadeIssuer } from '../gateway/test/support/openid-servers.ts'

/** How many logins a second one core verifies once the issuer's keys are cached. Every token is another one: none is remembered. */
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, logins: { type: 'string', default: '4000' }, rounds: { type: 'string', default: '5' } } })
const logins = Number(values.logins)
const rounds = Number(values.rounds)

const median = (numbers: readonly number[]): number => Math.round(numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN)

/** Logins for each second of CPU time of this process, all its threads together: what one core does. */
async function measure(credentials: readonly string[], verify: (credential: string) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  for (const credential of credentials) await verify(credential)
  const { user, system } = process.cpuUsage(before)
  return credentials.length / ((user + system) / 1e6)
}

const report: { token: string; 'logins a second on one core': number }[] = []
for (const alg of ['ES256', 'RS256', 'EdDSA'] as const) {
  const issuer = await startHandmadeIssuer(alg)
  const { service, storage } = await setUpIdentity(issuer.url)
  const verify = (credential: string): Promise<unknown> => service.authenticate(credential, 'shop')
  const tokens = await Promise.all(Array.from({ length: logins }, (_, n) => issuer.token({ jti: `login-${n}` })))
  await measure(tokens.slice(0, 500), verify)
  const found: number[] = []
  for (let round = 0; round < rounds; round += 1) found.push(await measure(tokens, verify))
  report.push({ token: `identity token, ${alg}`, 'logins a second on one core': median(found) })
  if (alg === 'ES256') {
    const sessions = await Promise.all(tokens.map(async (subjectToken) => (await service.exchange({ subjectToken, subjectTokenType: 'urn:ietf:params:oauth:token-type:access_token', targets: ['shop'] })).token))
    const opened: number[] = []
    for (let round = 0; round < rounds; round += 1) opened.push(await measure(sessions, verify))
    report.push({ token: 'session token, SQLite in memory', 'logins a second on one core': median(opened) })
  }
  await storage.close()
  await issuer.close()
}
if (values.json) process.stdout.write(`${JSON.stringify(report)}\n`)
else console.table(report)
