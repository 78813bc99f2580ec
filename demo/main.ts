import { colours as pc } from './colours.ts'
import { AlreadyRunning, claimDemo } from './claim.ts'
import { Progress } from './progress.ts'
import { type DemoAddresses, startDemo } from './start-demo.ts'

const args = process.argv.slice(2)
const json = args.includes('--json')
const unknown = args.filter((arg) => arg !== '--json')
if (unknown.length > 0) {
  const help = unknown.every((arg) => arg === '--help' || arg === '-h')
  console.error(`usage: npm run demo [-- --json]${help ? '' : `\nunknown: ${unknown.join(' ')}`}`)
  process.exit(help ? 0 : 2)
}
// Whoever reads may be gone before everything is stopped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
process.exitCode = await main()

async function main(): Promise<number> {
  // From the first moment: what was started is always ended in good order.
  const asked = stopAsked()
  const progress = new Progress(json)
  const stack = new AsyncDisposableStack()
  try {
    const claim = await claimDemo()
    stack.defer(async () => {
      await claim.release()
      progress.say('Everything is stopped and removed.')
    })
    const demo = await startDemo(claim, stack, progress)
    progress.done()
    process.stdout.write(json ? `${JSON.stringify(demo)}\n` : introduction(demo))
    await asked
    progress.say('Stopping …')
    return 0
  } catch (error) {
    console.error(error instanceof AlreadyRunning ? error.message : error)
    return 1
  } finally {
    await stack.disposeAsync()
    // A client's idle connection must not hold the process.
    setTimeout(() => process.exit(), 1_000).unref()
  }
}

/** Resolves at the first Ctrl-C. Another one, later than an echo of the first through npm, ends the process at once. */
function stopAsked(): Promise<void> {
  const ECHO_MS = 1_500
  let first: number | undefined
  return new Promise((resolve) => {
    // Whoever started it is gone without a word.
    process.once('disconnect', resolve)
    process.channel?.unref()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        first ??= performance.now()
        if (performance.now() - first > ECHO_MS) process.exit(130)
        resolve()
      })
    }
  })
}

function introduction({ api, issuer, targets, logins }: DemoAddresses): string {
  const shop = targets['shop']
  const { box } = targets
  const bot = logins['support-bot']
  if (shop === undefined || bot === undefined) throw new Error('the demo lacks its target or its agent')
  const width = Math.max(...Object.keys(logins).map((name) => name.length))
  const whole = Object.values(logins).map(({ user, password, expiresAt }) => `  ${user.padEnd(width)}  ${password}  ${pc.dim(`until ${expiresAt}`)}`)
  const connection = `host=${shop.host} port=${shop.port} dbname=${shop.database} user=${bot.user} sslmode=require`
  return `
${pc.bold('Addresses')}
  shop         ${shop.host}:${shop.port}, PostgreSQL through the gateway
${box === undefined ? '' : `  box          ${box.host}:${box.port}, SSH through the gateway\n`}  console      ${api}/console/, to review, watch and prove in a browser
  control API  ${api}
  OpenID       ${issuer}

${pc.bold('Logins')}, each with a session token as password
${whole.join('\n')}

${pc.bold('Try')}
  ${pc.dim('# an agent reads; e-mail addresses and SSNs are masked on the way')}
  PGPASSWORD=${bot.password} psql "${connection}" -c 'select name, email, ssn, city from customers limit 3'
  ${pc.dim('# the same with a fresh token of its own')}
  npx sallyport psql shop --as support-bot
  ${pc.dim('# refused, with the rule and what to do instead')}
  npx sallyport psql shop --as support-bot -c 'drop table payments'
  ${pc.dim('# a change waits for a person: leave it, and answer in another terminal, with the ticket that it tells')}
  npx sallyport psql shop --as support-bot -c "update orders set status = 'paid' where id = 6"
  npx sallyport review approve TICKET --as dana
${box === undefined ? '' : `  ${pc.dim('# the same over SSH: reads pass, removals of whole trees never, other changes after a review')}
  npx sallyport ssh box --as support-bot -- tail -n 3 logs/shop.log
  npx sallyport ssh box --as support-bot -- 'rm -rf *'
`}  ${pc.dim('# what the auditor sees, and the proof that it is all of it')}
  npx sallyport session list --as robin
  npx sallyport audit verify

docs/guide/getting-started.md goes on: access for a while, break glass, ssh, scp and rsync, logins in a browser.
Ctrl-C stops everything.
`
}
