import { createInterface } from 'node:readline'

/** Asks on the terminal; only y or yes is a yes. An end of input, or Ctrl-C, is a no. */
export function askYesNo(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  return new Promise((resolve) => {
    lines.on('SIGINT', () => lines.close())
    lines.on('close', () => resolve(false))
    lines.question(`${question} [y/N] `, (text) => {
      resolve(/^y(es)?$/i.test(text.trim()))
      lines.close()
    })
  })
}
