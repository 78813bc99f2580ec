import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startSshJourney } from '../support/ssh-journey.ts'

const MISSING = ['/usr/sbin/sshd', '/usr/bin/gcc', '/usr/include/libssh/libssh.h'].every((path) => existsSync(path)) ? false : 'no sshd, gcc or libssh on this machine'

test('libssh logs in, runs what is allowed, and is told what is not', { skip: MISSING }, async () => {
  const journey = await startSshJourney({ policy: 'masks: []\nrules:\n  - { name: reads, when: operation.readOnly, then: allow }\n' })
  try {
    const client = join(journey.folder, 'client')
    const compiled = spawnSync('gcc', [join(import.meta.dirname, 'libssh-client.c'), '-o', client, '-lssh'], { encoding: 'utf8' })
    assert.equal(compiled.status, 0, compiled.stderr)
    const run = (command: string) => journey.start(client, [String(journey.gateway.sshPort), command]).result
    const allowed = await run('echo hello')
    assert.equal(allowed.output, 'hello\nexit 0\n', allowed.errors)
    const refused = await run('rm -rf x')
    assert.match(refused.output, /refused by rule/)
    assert.match(refused.output, /exit 126\n$/)
  } finally {
    await journey.stop()
  }
})
