import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { verifierPath } from '../../src/ledger/layout.ts'
import { readEntries } from '../../src/ledger/read-entries.ts'
import { verifyLedger } from '../../src/ledger/verify.ts'

/** @returns number of the last entry that the child was told is written, or -1 */
async function killWhileAppending(directory: string, durability: string, round: number): Promise<number> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.resolve('../../src/ledger/crash.child.ts')), directory, durability, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  const started = new Promise((resolve) => child.stdout.once('data', resolve))
  const ended = new Promise((resolve) => child.once('close', resolve))
  // Some are killed before the first entry, most in the midst of work.
  if (round % 5 === 0) await delay(Math.random() * 150)
  else {
    await started
    await delay(Math.random() * 60)
  }
  child.kill('SIGKILL')
  await ended
  const complete = output.slice(0, output.lastIndexOf('\n') + 1).trim()
  return complete === '' ? -1 : Number(complete.split('\n').at(-1))
}

/**
 * Kills a process that appends to a ledger with SIGKILL at random moments, again and again on the same ledger, and demands
 * that it opens by itself each time, verifies, and in the end holds every entry that was acknowledged.
 */
export async function demandThatKillsLoseNothing(rounds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-crash-'))
  try {
    await killAgainAndAgain(directory, rounds)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function killAgainAndAgain(directory: string, rounds: number): Promise<void> {
  const acknowledged = new Map<number, number>()
  let adopted = 0
  for (let round = 0; round < rounds; round++) {
    acknowledged.set(round, await killWhileAppending(directory, round % 2 === 0 ? 'batched' : 'strict', round))
    const { log, recovery } = await openLedger({ directory, origin: 'test.example/ledger', durability: 'batched', onFault: () => assert.fail() })
    adopted += recovery.adopted
    await log.close()
    const report = await verifyLedger(directory, readFileSync(verifierPath(directory), 'utf8'))
    assert.deepEqual([report.ok, report.uncovered, report.entries], [true, 0, recovery.size], `round ${round}: ${report.bad?.message}`)
  }
  const found = new Map<number, number>()
  for await (const { text } of readEntries(directory)) {
    const { round, number } = JSON.parse(text) as { round: string; number: number }
    assert.equal(number, (found.get(Number(round)) ?? -1) + 1, 'entries of one run are there in order, without a gap')
    found.set(Number(round), number)
  }
  for (const [round, last] of acknowledged) assert.ok((found.get(round) ?? -1) >= last, `round ${round}: ${last} was acknowledged, ${found.get(round)} found`)
  assert.ok([...acknowledged.values()].filter((last) => last > 0).length >= rounds / 2, 'most children did work')
  assert.ok(adopted > 0, 'some entries were not yet covered by a checkpoint')
}
