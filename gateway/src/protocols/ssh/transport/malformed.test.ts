import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const CHILD = fileURLToPath(new URL('../../../../test/support/malformed-ssh.child.ts', import.meta.url))

describe('what is malformed ends its connection and nothing else, and leaves no memory behind', () => {
  for (const [what, scenario] of [
    ['3,000 changed KEXINITs and key exchange messages', 'kexinit'],
    ['1,000 changed answers of a server', 'answers'],
    ['3,000 changed or random streams of bytes, from the first one on', 'streams'],
    ['500 connections whose encrypted bytes are changed on their way', 'sealed'],
    ['3,000 changed messages under encryption, of the transport and of a new key exchange', 'messages'],
  ] as const) {
    test(what, async () => {
      const said = await new Promise<string>((resolve) => {
        execFile(process.execPath, [CHILD, scenario], (error, out, errors) => resolve(error === null ? '' : `${error.message}\n${out}\n${errors}`))
      })
      assert.equal(said, '')
    })
  }
})
