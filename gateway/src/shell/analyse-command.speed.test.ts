import assert from 'node:assert/strict'
import { it } from 'node:test'
import { analyseCommand, loadShellParser } from './analyse-command.ts'
import { parseShell } from './parser.ts'

const ordinary = (n: number) => `for f in /var/log/app-*.log; do echo "== $f $(date +%F) ${n}"; tail -n 50 "$f" | grep -E 'error|warn' | awk '{print $1, $5}' | sort | uniq -c; done 2>/dev/null`
const short = (n: number) => `systemctl status nginx --no-pager -n ${n}`

/** Microseconds a call in the best of several rounds: other work on the machine makes the others slower. */
function measure(run: (n: number) => unknown, times: number): number {
  let best = Infinity
  for (let round = 0; round < 9; round++) {
    const start = performance.now()
    for (let n = 0; n < times; n++) run(round * times + n)
    best = Math.min(best, (performance.now() - start) * 1000 / times)
  }
  return best
}

it('analyses a command seen before at a small part of what a new one costs', async (test) => {
  await loadShellParser()
  const cached = Array.from({ length: 100 }, (_, n) => Buffer.from(ordinary(n)))
  for (const text of cached) analyseCommand(text.toString())
  const costs = {
    cached: measure((n) => analyseCommand(cached[n % 100]?.toString() ?? ''), 10_000),
    newShort: measure((n) => analyseCommand(short(n)), 1000),
    newOrdinary: measure((n) => analyseCommand(ordinary(100 + n)), 1000),
    parsingOrdinary: measure((n) => parseShell(ordinary(100 + n)), 1000),
  }
  for (const [what, cost] of Object.entries(costs)) test.diagnostic(`${what}: ${cost.toFixed(2)} µs`)
  assert.ok(costs.cached < costs.newOrdinary / 10)
})
