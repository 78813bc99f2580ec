import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { it } from 'node:test'
import { DETECTOR_NAMES } from './detector-names.ts'
import { streamMasker } from './stream-masker.ts'

const detectors = [{ name: 'all', detect: DETECTOR_NAMES, method: 'redact' as const }]
const key = Buffer.alloc(32, 1)
const MEGABYTE = 1_000_000

const LOG = Array.from({ length: 400 }, (_, index) => [
  `2026-03-0${index % 9 + 1}T12:34:${String(index % 60).padStart(2, '0')}.789Z INFO  [http-nio-8080-exec-${index % 9}] c.example.shop.OrderController - GET /api/v1/orders/${index * 37} 200 ${index % 300}ms user=${index}`,
  `Mar  1 12:34:56 web-1 nginx[1234]: upstream timed out (110: Connection timed out) while reading response header, request: "GET /health HTTP/1.1"`,
  `{"level":"info","ts":1767225600.${index},"caller":"server/server.go:${index}","msg":"request finished","duration":"12.${index}ms","status":200}`,
].join('\n')).join('\n')

const filled = (text: string): Buffer => Buffer.from(text.repeat(Math.ceil(4 * MEGABYTE / text.length)).slice(0, 4 * MEGABYTE))

function hexDump(bytes: Buffer): string {
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += 16) {
    const groups = bytes.subarray(at, at + 16).toString('hex').replaceAll(/(.{4})/g, '$1 ')
    lines.push(`${at.toString(16).padStart(8, '0')}: ${groups} ${bytes.toString('latin1', at, at + 16).replaceAll(/[^ -~]/g, '.')}`)
  }
  return lines.join('\n')
}

const CODE = 'export function findIban(scan: Scan, start: number): void {\n  if (ALPHANUMERIC[scan.at(start - 1)] === 1) return\n  // what follows\n  const length = LENGTHS.get(country)\n'
const COLOURS = Array.from({ length: 100 }, (_, index) => `\x1b[0m\x1b[01;34mdir-${index}\x1b[0m  \x1b[01;32mscript-${index}.sh\x1b[0m  file-${index}.txt\n`).join('')

/** Megabytes a second of CPU, in the best of several rounds, in chunks as a channel has them. */
function measure(bytes: Buffer, chunkBytes: number): number {
  let best = 0
  for (let round = 0; round < 7; round += 1) {
    const masker = streamMasker({ detectors }, key) ?? assert.fail()
    const before = process.cpuUsage()
    for (let at = 0; at < bytes.length; at += chunkBytes) masker.push(bytes.subarray(at, at + chunkBytes))
    masker.end()
    const { user, system } = process.cpuUsage(before)
    best = Math.max(best, bytes.length / (user + system))
  }
  return best
}

it('masks quicker than terminals and networks carry text', (test) => {
  const samples = { log: filled(LOG), code: filled(CODE), hexDump: filled(hexDump(randomBytes(65_536))), binary: randomBytes(4 * MEGABYTE), yes: filled('y\n'), colours: filled(COLOURS) }
  const rates = Object.fromEntries(Object.entries(samples).map(([name, bytes]) => [name, measure(bytes, 32_768)]))
  for (const [name, rate] of Object.entries(rates)) test.diagnostic(`${name}: ${rate.toFixed(0)} MB/s`)
  const small = samples.log.subarray(0, 100_000)
  const chunk = 64
  const micros = chunk / measure(small, chunk)
  test.diagnostic(`a chunk of ${chunk} bytes: ${micros.toFixed(1)} µs`)
  for (const [name, rate] of Object.entries(rates)) assert.ok(rate > 15, `${name}: ${rate.toFixed(0)} MB/s`)
  assert.ok(micros < 60)
})
