import { writeSync } from 'node:fs'
import { openLedger } from './open-ledger.ts'

/** Appends until it is killed, telling on standard output the number of each entry that it was told is written. */
const [directory = '', durability = '', round = ''] = process.argv.slice(2)
const { log } = await openLedger({
  directory, origin: 'test.example/ledger', durability: durability === 'strict' ? 'strict' : 'batched',
  checkpointIntervalMs: 15, onFault: () => process.exit(1),
})
let next = 0
function turn(): void {
  for (let i = 0; i < 20; i++) {
    const number = next++
    log.append(JSON.stringify({ round, number, filling: 'x'.repeat(number % 700) }))
    if (i % 5 === 4) {
      log.onWritten((error) => {
        if (error === undefined) writeSync(1, `${number}\n`)
        if (i === 19) turn()
      })
    }
  }
}
turn()
