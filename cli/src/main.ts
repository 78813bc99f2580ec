import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { makeProgram } from './program.ts'
import { runProgram } from './run-program.ts'

const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')))
const status = await runProgram(makeProgram(version), process.argv.slice(2))
if (status !== undefined) process.exitCode = status
