import assert from 'node:assert/strict'
import test from 'node:test'
import type { Round } from './pgbench.ts'
import { makeReport, median, renderReport } from './report.ts'

const round = (queriesPerSecond: number, p99Ms: number, cpuMicroseconds?: number): Round => ({
  queriesPerSecond,
  p50Ms: 0.1,
  p99Ms,
  ...(cpuMicroseconds === undefined ? {} : { cpuMicroseconds }),
})

test('ratios are medians of the ratios within a round, so a slow minute that hits all routes changes nothing', () => {
  const rounds = [1, 0.1, 1].map((speed) => ({
    mode: 'simple' as const,
    clients: 8,
    byRoute: {
      pipe: round(1000 * speed, 2 / speed, 20 / speed),
      pgbouncer: round(1200 * speed, 1 / speed, 15 / speed),
      gateway: round(900 * speed, 3 / speed, 28 / speed),
    },
  }))
  const report = makeReport(rounds)
  assert.deepEqual(report.cpuVsPipe, { simple: { 8: 1.4 } })
  assert.deepEqual(report.throughputVsPgbouncer, { simple: { 8: 0.75 } })
  assert.deepEqual(report.p99VsPipe, { simple: { 8: 1.5 } })
  assert.equal(report.figures.find(({ route }) => route === 'gateway')?.queriesPerSecond, 900)
  assert.match(renderReport(report), /at most 1\.5[^]*simple +8: 1\.40/)
})

test('a route that was left out leaves its ratios out', () => {
  const report = makeReport([
    { mode: 'prepared', clients: 1, byRoute: { direct: round(5, 1), gateway: round(4, 1, 9) } },
  ])
  assert.deepEqual([report.cpuVsPipe, report.throughputVsPgbouncer, report.p99VsPipe], [{}, {}, {}])
  assert.equal(report.figures.length, 2)
})

test('the median of an even number is between the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.equal(median([3, 1, 2]), 2)
})
