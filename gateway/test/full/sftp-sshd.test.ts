import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { readEvents } from '../support/ledger-records.ts'
import { pictureOf } from '../support/picture-of.ts'
import { packet, RawSftp, TYPE, u32 } from '../support/raw-sftp.ts'
import type { ClientResult } from '../support/run-client.ts'
import { furnish } from '../support/sftp-setup.ts'
import { type SshJourney, startSshJourney } from '../support/ssh-journey.ts'
import { SFTP_EVASIONS } from '../tables/sftp-evasions.ts'
import { dropRules } from '../tables/sftp-legitimate.ts'

const MISSING = ['/usr/sbin/sshd', '/usr/bin/sshpass'].every((path) => existsSync(path)) ? false : 'no sshd or no sshpass on this machine'
/** Mounting needs rights that not every machine gives. */
const SSHFS_MISSING = existsSync('/dev/fuse') && spawnSync('sshfs', ['--version']).status === 0 ? MISSING : 'no sshfs on this machine'

let root: string
let journey: SshJourney
let master: ChildProcess

before(async () => {
  if (MISSING !== false) return
  root = realpathSync(mkdtempSync(join(tmpdir(), 'sallyport-sftp-')))
  furnish(root)
  journey = await startSshJourney({
    policy: `masks: []\nrules: ${JSON.stringify(dropRules(root))}\n`,
    sshd: { settings: [`ForceCommand internal-sftp -d ${root}/home/dana`] },
  })
  // Many channels of one session, without a login for each.
  master = spawn('sshpass', ['-e', 'ssh', ...journey.flags, '-o', 'LogLevel=ERROR', '-M', '-S', join(journey.folder, 'mux'), '-N', 'shop'], { env: journey.environment, stdio: 'ignore' })
  await eventually('the session is open', () => existsSync(join(journey.folder, 'mux')))
})
after(async () => {
  if (MISSING !== false) return
  spawnSync('ssh', ['-S', join(journey.folder, 'mux'), '-O', 'exit', 'shop'], { env: journey.environment })
  master.kill()
  await journey.stop()
  rmSync(root, { recursive: true, force: true })
})

const at = (path: string): string => `${root}${path}`

/** A channel of the session with the subsystem sftp. */
async function connect(version = 3): Promise<RawSftp> {
  const child = spawn('ssh', [...journey.flags, '-o', 'LogLevel=ERROR', '-S', join(journey.folder, 'mux'), '-s', 'shop', 'sftp'], { env: journey.environment, stdio: ['pipe', 'pipe', 'ignore'] })
  child.stdin.on('error', () => undefined)
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  stream.once('close', () => child.kill())
  const client = new RawSftp(stream)
  await client.init(version)
  return client
}

/** A command line of a client, which finds the gateway as host `shop`. */
function run(command: string): Promise<ClientResult> {
  return journey.start('bash', ['-c', `cd ${root}/work; F=${journey.flags[1] ?? ''}; R=${root}; ${command}`]).result
}

describe('no write outside the folder, and no secret read, on a real sshd behind a real gateway', { skip: MISSING }, () => {
  for (const { name, before: prepare, run: evade } of SFTP_EVASIONS) {
    test(name, { timeout: 60_000 }, async () => {
      furnish(root)
      prepare?.(at)
      const outside = { times: true, leaveOut: [at('/srv/drop')] }
      const picture = pictureOf(root, outside)
      const clients: RawSftp[] = []
      const open = async (version?: number): Promise<RawSftp> => {
        const client = await connect(version)
        clients.push(client)
        return client
      }
      await evade(await open(), at, open)
      for (const client of clients) {
        assert.doesNotMatch(client.received.toString('latin1'), /PRIVATE KEY|SECRETHASH|id_ed25519/)
        client.end()
      }
      assert.deepEqual(pictureOf(root, outside), picture)
    })
  }
})

describe('clients on a real sshd behind a real gateway', { skip: MISSING }, () => {
  test('sftp moves files there and back, and says on stderr why one is refused', async () => {
    furnish(root)
    const { status, errors } = await run('printf "put large.bin $R/srv/drop/\\nget $R/srv/drop/large.bin back.bin\\n-get ../../etc/shadow\\nls -l $R/srv/pub\\n" | sshpass -e sftp -q -F $F -o BatchMode=no -b - shop && cmp large.bin back.bin')
    assert.equal(status, 0, errors)
    assert.match(errors, /sallyport: refused by rule "secrets": keys and password hashes are never read\./)
    assert.equal(existsSync(at('/work/shadow')), false)
  })

  test('sftp with the largest and the most requests', async () => {
    const { status, errors } = await run('for flags in "-B 261120" "-R 512" "-R 512 -B 261120" "-R 1 -B 7777"; do printf "put large.bin $R/srv/drop/\\nget $R/srv/drop/large.bin back.bin\\n" | sshpass -e sftp -q -F $F $flags -o BatchMode=no -b - shop && cmp large.bin back.bin || exit 1; done')
    assert.equal(status, 0, errors)
  })

  test('scp moves files and folders there and back, with times, and from tilde', async () => {
    const { status, errors } = await run('sshpass -e scp -q -F $F -r -p tree shop:$R/srv/drop/ && sshpass -e scp -q -F $F -r -p shop:$R/srv/drop/tree got && diff -r tree got && sshpass -e scp -q -F $F shop:notes.txt got.txt && cmp got.txt ../home/dana/notes.txt')
    assert.equal(status, 0, errors)
    const refused = await run('sshpass -e scp -F $F local.txt shop:$R/etc/escaped')
    assert.notEqual(refused.status, 0)
    assert.match(refused.errors, /refused by rule "drop-only": files are written in \/srv\/drop only/)
    assert.equal(existsSync(at('/etc/escaped')), false)
  })

  test('a channel whose packets cannot be followed ends with the reason, and others of the session go on', async () => {
    const [bad, good] = [await connect(), await connect()]
    bad.send(Buffer.from([0x7f, 0xff, 0xff, 0xff, 1]))
    await eventually('it has ended', () => bad.ended)
    assert.equal((await good.request(TYPE.realpath, u32(1), Buffer.from('.'))).status, 0)
    good.send(packet(TYPE.close))
    await eventually('it has ended too', () => good.ended)
    assert.match(journey.gateway.log(), /broke the SFTP protocol: a packet claims 2147483647 bytes/)
  })

  test('sshfs shows the files as a folder', { skip: SSHFS_MISSING, timeout: 60_000 }, async (context) => {
    furnish(root)
    const mount = join(journey.folder, 'mount')
    mkdirSync(mount, { recursive: true })
    const mounted = spawnSync('sshfs', ['-F', journey.flags[1] ?? '', '-o', 'password_stdin', `shop:${root}/srv`, mount], { env: journey.environment, input: journey.token, timeout: 20_000 })
    if (mounted.status !== 0) return context.skip(`nothing can be mounted here: ${mounted.stderr.toString()}`)
    try {
      const { status, output, errors } = await journey.start('bash', ['-c', `cd ${mount}; ls pub; cat pub/readme.txt; cp ${root}/work/large.bin drop/ && cmp drop/large.bin ${root}/work/large.bin && mv drop/large.bin drop/moved.bin && rm drop/moved.bin && mkdir drop/new && echo text > drop/new/file && cat drop/new/file && rm -r drop/new; touch pub/new; ls drop`]).result
      assert.match(errors, /pub\/new/)
      assert.equal(status, 0)
      assert.equal(output, 'deep\nreadme.txt\nall may read this\ntext\nold.txt\n')
    } finally {
      execFileSync('fusermount', ['-u', '-z', mount])
    }
  })

  test('what was done is on record, by file', async () => {
    writeFileSync(at('/work/recorded.txt'), 'goes on record\n')
    await run('sshpass -e scp -q -F $F recorded.txt shop:$R/srv/drop/')
    const outcomes = async (): Promise<readonly string[]> => {
      const events = await readEvents(journey.gateway.ledgerDirectory)
      const opened = events.flatMap((event) => (event.event === 'operation.decided' && event.objects.includes(at('/srv/drop/recorded.txt')) && event.actions.includes('write') ? [`${event.session} ${event.n}`] : []))
      return events.flatMap((event) => (event.event === 'operation.finished' && opened.includes(`${event.session} ${event.n}`) ? [`${event.result} ${event.bytes} ${event.digest}`] : []))
    }
    await eventually('the outcome is on record', async () => (await outcomes()).length > 0)
    const content = readFileSync(at('/work/recorded.txt'))
    assert.deepEqual(await outcomes(), [`completed ${content.length} ${hash('sha256', content)}`])
  })
})
