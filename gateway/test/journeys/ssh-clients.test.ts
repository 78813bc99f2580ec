import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ClientResult } from '../support/run-client.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'

let journey: SshJourney
before(async () => {
  journey = await startSshJourney()
})
after(() => journey.stop())

/** A command line of a client, which finds the gateway as `$SSH` does. */
const run = (command: string, environment: NodeJS.ProcessEnv = {}): Promise<ClientResult> => {
  const variables = { T: journey.sshd.folder, F: journey.flags[1], SSH: `sshpass -e ssh ${journey.flags.join(' ')} -o LogLevel=ERROR`, ...environment }
  const settings = Object.entries(variables).map(([name, value]) => `export ${name}='${value ?? ''}'`).join('; ')
  return journey.start('bash', ['-c', `${settings}; ${command}`]).result
}

for (const library of ['paramiko', 'asyncssh']) {
  test(`${library} runs commands, terminals, many channels and SFTP`, async () => {
    const { output, errors } = await run(`/usr/bin/python3 ${join(import.meta.dirname, 'ssh_clients.py')} ${library} ${journey.gateway.host} ${journey.gateway.sshPort} $T`)
    assert.match(output, /\nend\n$/, output + errors)
    assert.doesNotMatch(output, /NOT ok/)
  })
}

test('scp copies to the target and back, by SFTP and by its own protocol', async () => {
  const file = join(journey.folder, 'file')
  writeFileSync(file, randomBytes(2_000_000))
  for (const flags of ['', '-O']) {
    const { status, errors } = await run(`sshpass -e scp -F $F ${flags} -p file shop:$T/copied && sshpass -e scp -F $F ${flags} shop:$T/copied back && cmp file back && rm back`)
    assert.equal(status, 0, errors)
  }
})

test('scp copies whole folders', async () => {
  mkdirSync(join(journey.folder, 'many/deep'), { recursive: true })
  for (let index = 0; index < 20; index++) writeFileSync(join(journey.folder, 'many/deep', `file ${index}`), `content ${index}`)
  const { status, errors } = await run('sshpass -e scp -F $F -r many shop:$T/ && sshpass -e scp -F $F -O -r shop:$T/many back && diff -r many back')
  assert.equal(status, 0, errors)
})

test('sftp works through a batch of commands', async () => {
  const { status, output, errors } = await run(`printf 'mkdir %s/made\\nput file %s/made/put\\nls %s/made\\nget %s/made/put got\\nrename %s/made/put %s/made/renamed\\nchmod 600 %s/made/renamed\\n' $T $T $T $T $T $T $T | sshpass -e sftp -F $F -o BatchMode=no -b - shop && cmp file got`)
  assert.equal(status, 0, output + errors)
  assert.ok(existsSync(join(journey.sshd.folder, 'made/renamed')))
})

test('rsync copies both ways, and again only what changed', async () => {
  const { status, output, errors } = await run('rsync -a --stats -e "$SSH" many/ shop:$T/synced && rsync -a -e "$SSH" shop:$T/synced/ synced && diff -r many synced && rsync -ai -e "$SSH" many/ shop:$T/synced')
  assert.equal(status, 0, errors)
  assert.match(output, /Number of regular files transferred: 20/)
})

test('git clones and pushes', async () => {
  const git = 'git -c user.name=t -c user.email=t@example.com -c init.defaultBranch=main'
  const { status, errors } = await run(`export GIT_SSH_COMMAND="$SSH"; ${git} init -q --bare $T/repo.git && ${git} init -q work && cd work && head -c 3000000 /dev/urandom > blob && git add . && ${git} commit -q -m first && git push -q shop:$T/repo.git HEAD:main && cd .. && git clone -q -b main shop:$T/repo.git cloned && cmp work/blob cloned/blob`)
  assert.equal(status, 0, errors)
})

test('Ansible runs a playbook', async () => {
  writeFileSync(join(journey.folder, 'inventory'), `shop ansible_user=shop ansible_password="{{ lookup('env', 'SSHPASS') }}" ansible_python_interpreter=/usr/bin/python3\n`)
  writeFileSync(join(journey.folder, 'playbook.yaml'), `
- hosts: all
  gather_facts: false
  tasks:
    - ping:
    - copy: { content: 'from ansible', dest: '{{ lookup("env", "T") }}/from-ansible' }
    - command: cat {{ lookup("env", "T") }}/from-ansible
      register: read
    - assert: { that: read.stdout == "from ansible" }
`)
  const { status, output, errors } = await run('ansible-playbook -i inventory playbook.yaml', {
    ANSIBLE_SSH_ARGS: `-F ${journey.flags[1] ?? ''}`, ANSIBLE_HOST_KEY_CHECKING: 'False', ANSIBLE_NOCOLOR: '1', ANSIBLE_REMOTE_TEMP: join(journey.sshd.folder, '.ansible'),
    LC_ALL: 'C.UTF-8',
  })
  assert.equal(status, 0, output + errors)
  assert.match(output, /ok=4 +changed=2 +unreachable=0 +failed=0/)
  assert.equal(readFileSync(join(journey.sshd.folder, 'from-ansible'), 'utf8'), 'from ansible')
})
