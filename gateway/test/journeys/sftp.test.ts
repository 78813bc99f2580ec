import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { RuleEntry } from '../../src/governance/policy/policy-document.ts'
import { eventually } from '../support/eventually.ts'
import { CREATE, NO_ATTRIBUTES, packet, R, RawSftp, str, TRUNCATE, TYPE, u32, u64, W } from '../support/raw-sftp.ts'
import { person } from '../support/review-desks.ts'
import { startClient } from '../support/run-client.ts'
import { SFTP_MISSING, type SftpSetup, startSftp } from '../support/sftp-setup.ts'
import { dropRules } from '../tables/sftp-legitimate.ts'

const PYTHON = '/usr/bin/python3'
const PARAMIKO_MISSING = spawnSync(PYTHON, ['-c', 'import paramiko']).status === 0 ? SFTP_MISSING : 'no paramiko on this machine'
const ALL: RuleEntry = { name: 'all', then: 'allow' }
const sha256 = (bytes: Buffer): string => hash('sha256', bytes, 'hex')

describe('files through the gateway', { skip: SFTP_MISSING }, () => {
  let setup: SftpSetup
  before(async () => {
    setup = await startSftp({ rules: [ALL], maxHoldMs: 60_000 })
  })
  after(() => setup.close())
  beforeEach(() => {
    setup.restore()
    setup.setRules([ALL])
    setup.lines.length = 0
    setup.failures.length = 0
  })

  const connect = () => RawSftp.connect(setup.socketPath)
  /** Decisions and outcomes since the given number of operations. */
  const recorded = (since: number) => ({
    decided: setup.desk.ledger.of('operation.decided').filter(({ n }) => n > since),
    finished: setup.desk.ledger.of('operation.finished').filter(({ n }) => n > since),
  })

  test('are one operation each, with the size and the digest of what was read or written', async () => {
    const since = setup.session.operations
    const { status } = await setup.sftp(`put large.bin ${setup.at('/srv/drop/large.bin')}\nget ${setup.at('/srv/drop/large.bin')} back.bin\n`)
    assert.equal(status, 0)
    const { decided, finished } = recorded(since)
    const opened = decided.filter(({ functions }) => functions?.includes('open'))
    assert.deepEqual(opened.map(({ actions, objects }) => [actions, objects]), [[['write'], [setup.at('/srv/drop/large.bin')]], [['read'], [setup.at('/srv/drop/large.bin')]]])
    const content = readFileSync(setup.at('/work/large.bin'))
    for (const { n } of opened) {
      const outcome = finished.find((one) => one.n === n)
      assert.deepEqual([outcome?.result, outcome?.bytes, outcome?.digest], ['completed', content.length, sha256(content)])
    }
    assert.equal(finished.length, decided.length)
  })

  test('have their digest also when they are read or written backwards, and none when a part passes twice', async () => {
    const client = await connect()
    const content = randomBytes(400)
    const path = setup.at('/srv/drop/x')
    const since = setup.session.operations
    const up = await client.open(path, W | CREATE)
    await Promise.all([300, 200, 100, 0].map((at) => client.write(up.handle, at, content.subarray(at, at + 100))))
    await client.close(up.handle)
    const down = await client.open(path, R)
    await Promise.all([200, 0, 300, 100].map((at) => client.read(down.handle, at, 100)))
    await client.close(down.handle)
    const twice = await client.open(path, R)
    for (const at of [0, 0, 100]) await client.read(twice.handle, at, 100)
    await client.close(twice.handle)
    const both = await client.open(path, R | W)
    await client.read(both.handle, 0, 400)
    await client.write(both.handle, 0, content)
    await client.close(both.handle)
    client.end()
    assert.deepEqual(recorded(since).finished.map(({ digest, bytes }) => [digest, bytes]), [
      [sha256(content), 400], [sha256(content), 400], [undefined, 300], [undefined, 800],
    ])
  })

  test('have their digest when the client cuts them to what it wrote, and none when it cuts off more', async () => {
    const client = await connect()
    const since = setup.session.operations
    for (const size of [7, 3, 9]) {
      const { handle } = await client.open(setup.at('/srv/drop/x'), W | CREATE)
      await client.write(handle, 0, 'content')
      await client.request(TYPE.fsetstat, str(handle), Buffer.concat([u32(1), u64(size)]))
      await client.close(handle)
    }
    client.end()
    assert.deepEqual(recorded(since).finished.map(({ digest }) => digest), [sha256(Buffer.from('content')), undefined, undefined])
  })

  test('that are looked up again and again are decided once a minute, and anew under another policy', async () => {
    const client = await connect()
    const since = setup.session.operations
    for (let times = 0; times < 5; times++) {
      await client.request(TYPE.stat, str(setup.at('/srv/pub')))
      await client.request(TYPE.lstat, str(setup.at('/srv/pub')))
    }
    assert.deepEqual(recorded(since).decided.map(({ functions }) => functions), [['stat'], ['lstat']])
    setup.setRules([{ name: 'nothing', then: 'deny' }])
    assert.equal((await client.request(TYPE.stat, str(setup.at('/srv/pub')))).status, 3)
    for (let times = 0; times < 3; times++) assert.equal((await client.request(TYPE.stat, str(setup.at('/srv/pub')))).status, 3)
    setup.setRules([ALL])
    assert.equal((await client.request(TYPE.stat, str(setup.at('/srv/pub')))).status, 0)
    assert.equal(recorded(since).decided.length, 7)
    client.end()
  })

  test('are refused with rule, reason and next step, in the status and on the client\'s stderr', async () => {
    setup.setRules(dropRules(setup.root))
    const client = await connect()
    const answer = await client.open(setup.at('/etc/shadow'), R)
    assert.equal(answer.status, 3)
    assert.match(answer.words, /^refused by rule "secrets": keys and password hashes are never read\. Do not send it again unchanged\./)
    assert.deepEqual(setup.lines, [answer.words])
    assert.doesNotMatch(answer.words, /SECRETHASH/)
    client.end()
  })

  test('are refused while nothing can be recorded, and nothing reaches the target', async () => {
    const client = await connect()
    setup.desk.ledger.fails = ({ event }) => event === 'operation.decided'
    const answer = await client.open(setup.at('/srv/drop/new'), W | CREATE)
    setup.desk.ledger.fails = () => false
    assert.match(answer.words, /^refused: "ledger-unavailable"/)
    assert.equal(existsSync(setup.at('/srv/drop/new')), false)
    client.end()
  })

  test('that are cut off are on record as aborted, without a digest', async () => {
    const client = await connect()
    const since = setup.session.operations
    const { handle } = await client.open(setup.at('/srv/drop/x'), W | CREATE)
    await client.write(handle, 0, 'half of')
    client.end()
    await eventually('the end is on record', () => recorded(since).finished.length === 1)
    const [outcome] = recorded(since).finished
    assert.deepEqual([outcome?.result, outcome?.bytes, outcome?.digest], ['aborted', 7, undefined])
  })

  test('do not fit on the disk: the failure is the outcome', async () => {
    const client = await connect()
    const since = setup.session.operations
    const { handle } = await client.open('/dev/full', W)
    assert.equal((await client.write(handle, 0, 'x')).status, 4)
    await client.close(handle)
    assert.deepEqual(recorded(since).finished.map(({ result, code, digest }) => [result, code, digest]), [['failed', 'SSH_FX_FAILURE', undefined]])
    client.end()
  })

  test('keep their answers apart when ids are used twice at once', async () => {
    const client = await connect()
    const answers = Promise.all([client.answerTo(5), client.answerTo(5), client.answerTo(5)])
    client.send(Buffer.concat(['/srv/pub/readme.txt', '/srv/nothing', '/home/dana/notes.txt'].map((path) => packet(TYPE.stat, u32(5), str(setup.at(path))))))
    assert.deepEqual((await answers).map(({ type, id }) => [type, id]), [[TYPE.attrs, 5], [TYPE.status, 5], [TYPE.attrs, 5]])
    client.end()
  })

  test('announces only the extensions that it understands, and knows home without asking anybody', async () => {
    const client = await connect()
    const since = setup.session.operations
    const home = await client.request(TYPE.realpath, str('.'))
    assert.equal(home.body.subarray(8, 8 + home.body.readUInt32BE(4)).toString(), setup.at('/home/dana'))
    assert.deepEqual(recorded(since).decided, [])
    assert.equal((await client.extended('limits@openssh.com')).type, 201)
    assert.equal((await client.extended('users-groups-by-id@openssh.com', str(u32(0)), str(u32(0)))).type, 201)
    assert.equal((await client.extended('home-directory', str('root'))).type, TYPE.name)
    assert.deepEqual(recorded(since).decided.map(({ objects }) => objects), [['/etc/passwd', '/etc/group'], ['~root']])
    const { status, words } = await client.extended('md5-hash', str('/x'))
    assert.equal(status, 8)
    assert.match(words, /not passed on/)
    client.end()
  })

  test('with a path that is no UTF-8 are unknown', async () => {
    const client = await connect()
    const since = setup.session.operations
    await client.open(Buffer.from([...Buffer.from(setup.at('/srv/drop/')), 0xff]), W | CREATE)
    const [decided] = recorded(since).decided
    assert.deepEqual([decided?.actions, decided?.objects, decided?.readOnly], [['write', 'unknown'], [`${setup.at('/srv/drop/')}\\xff`], false])
    client.end()
  })

  test('that another process puts a link in place of, after they were resolved, are not opened', async () => {
    const client = await connect()
    setup.setRules(dropRules(setup.root))
    symlinkSync(setup.at('/etc/shadow'), setup.at('/srv/drop/evil'))
    writeFileSync(setup.at('/srv/drop/x'), 'harmless')
    const since = setup.session.operations
    setup.hooks.onGovern = ({ text }) => {
      if (text.includes('open')) renameSync(setup.at('/srv/drop/evil'), setup.at('/srv/drop/x'))
      setup.hooks.onGovern = () => undefined
    }
    const answer = await client.open(setup.at('/srv/drop/x'), R)
    assert.match(answer.words, /^refused by rule "paths-changed"/)
    await eventually('its outcome is on record', () => recorded(since).finished.length === 1)
    assert.deepEqual(recorded(since).finished.map(({ result, code }) => [result, code]), [['failed', 'paths-changed']])
    for (const handle of [0, 1, 2].map(u32)) assert.notEqual((await client.read(handle, 0, 100)).status, 0)
    client.end()
  })

  describe('that a person must approve', () => {
    const WRITES: RuleEntry = { name: 'writes', when: '!operation.readOnly', then: 'review', reviewers: ['dba'], approvals: 1, expiresMs: 60_000, holdMs: 30_000 }
    beforeEach(() => setup.setRules([WRITES, ALL]))

    /** The review that is open now. */
    const asked = async () => {
      await eventually('somebody is asked', async () => (await setup.desk.store.listOpen()).length === 1)
      const [review] = await setup.desk.store.listOpen()
      assert.ok(review?.kind === 'operation')
      return review
    }
    const answer = async (verdict: 'approve' | 'deny') => {
      const review = await asked()
      await setup.desk.reviews.answer(review.id, review.digest, { by: person('olga'), answer: verdict, reason: 'looked at it' })
    }

    test('wait, while others go on, and run once they are approved', async () => {
      const client = await connect()
      const put = client.put(setup.at('/srv/drop/new'), 'approved')
      const review = await asked()
      assert.equal(review.card.text, `sftp open "${setup.at('/srv/drop/new')}" write,create,truncate`)
      assert.equal(await client.get(setup.at('/srv/pub/readme.txt')), 'all may read this\n')
      assert.equal(existsSync(setup.at('/srv/drop/new')), false)
      assert.match(setup.lines.join('\n'), /held for review by rule "writes"/)
      await answer('approve')
      assert.equal((await put).status, 0)
      assert.equal(readFileSync(setup.at('/srv/drop/new'), 'utf8'), 'approved')
      client.end()
    })

    test('are refused when they are denied', async () => {
      const client = await connect()
      const put = client.put(setup.at('/srv/drop/denied'), 'x')
      await answer('deny')
      assert.match((await put).words, /^refused by rule "writes": olga denied it: looked at it/)
      assert.equal(existsSync(setup.at('/srv/drop/denied')), false)
      client.end()
    })

    test('get a ticket when nobody answers in time, and run once when they come again', async () => {
      setup.setRules([{ ...WRITES, holdMs: 50 }, ALL])
      const client = await connect()
      const remove = () => client.request(TYPE.remove, str(setup.at('/srv/drop/old.txt')))
      const first = await remove()
      assert.equal(first.status, 3)
      assert.match(first.words, /^waits for a review by rule "writes" \(ticket [^)]+\)/)
      await answer('approve')
      assert.equal((await remove()).status, 0)
      assert.equal(existsSync(setup.at('/srv/drop/old.txt')), false)
      client.end()
    })

    test('are not run when what the path stands for has changed meanwhile', async () => {
      const client = await connect()
      const put = client.put(setup.at('/srv/drop/old.txt'), 'evil')
      await asked()
      renameSync(setup.at('/srv/drop/old.txt'), setup.at('/srv/drop/kept.txt'))
      symlinkSync(setup.at('/etc/passwd'), setup.at('/srv/drop/old.txt'))
      const since = setup.session.operations - 1
      await answer('approve')
      assert.match((await put).words, /^refused by rule "paths-changed"/)
      assert.match(readFileSync(setup.at('/etc/passwd'), 'utf8'), /^root:/)
      assert.deepEqual(recorded(since).finished.map(({ code }) => code), ['paths-changed'])
      client.end()
    })

    test('are not wanted any more when the client closes its channel', async () => {
      const client = await connect()
      void client.put(setup.at('/srv/drop/new'), 'x')
      await asked()
      client.end()
      await eventually('nobody is asked', async () => (await setup.desk.store.listOpen()).length === 0)
      assert.equal(existsSync(setup.at('/srv/drop/new')), false)
    })

    test('hold what comes after them on the same handle, in order', async () => {
      setup.setRules([{ ...WRITES, when: 'operation.actions.exists(a, a == "permit")' }, ALL])
      const client = await connect()
      const { handle } = await client.open(setup.at('/srv/drop/x'), W | CREATE | TRUNCATE)
      const order: string[] = []
      const all = Promise.all([
        client.request(TYPE.fsetstat, str(handle), Buffer.concat([u32(4), u32(0o640)])).then(({ status }) => order.push(`permit ${status}`)),
        client.write(handle, 0, 'after').then(({ status }) => order.push(`write ${status}`)),
        client.close(handle).then(({ status }) => order.push(`close ${status}`)),
      ])
      await answer('approve')
      await all
      assert.deepEqual(order, ['permit 0', 'write 0', 'close 0'])
      client.end()
    })
  })

  test('are the same to paramiko, which is told what is refused', { skip: PARAMIKO_MISSING, timeout: 60_000 }, async () => {
    setup.setRules(dropRules(setup.root))
    const run = startClient(PYTHON, [`${import.meta.dirname}/sftp_journey.py`, setup.socketPath, setup.root], '', { env: { PATH: process.env['PATH'] } })
    const { status, output, errors } = await run.result
    assert.equal(status, 0, errors)
    assert.deepEqual(output.trimEnd().split('\n').map((line) => line.replaceAll(setup.root, '')), [
      'cwd True',
      'list [\'drop\', \'pub\'] [\'deep\', \'readme.txt\']',
      'relative b\'all may read this\\n\'',
      'same True 2097152',
      'lines 301 appended',
      'pieces [b\'line 0\', b\'line 1\']',
      'check 10',
      'link log False',
      'attributes 0o100600 2 3',
      'secret PermissionError 13 [Errno 13] refused by rule "secrets": keys and password hashes are never read. Do not send it again unchanged. Requests can pass here by rule: files.',
      'outside PermissionError 13 [Errno 13] refused by rule "drop-only": files are written in /srv/drop only. Do not send it again unchanged. Requests can pass here by rule: files.',
      'nothing FileNotFoundError 2 [Errno 2] No such file',
      'rename PermissionError 13 [Errno 13] refused by rule "secrets": keys and password hashes are never read. Do not send it again unchanged. Requests can pass here by rule: files.',
    ])
    assert.deepEqual(setup.failures, [])
  })
})

describe('SFTP packets that come cut at any byte', { skip: SFTP_MISSING }, () => {
  test('are the same to client and target', { timeout: 120_000 }, async () => {
    let seed = 7
    const setup = await startSftp({ rules: [ALL], cut: () => 1 + ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % 97 })
    try {
      const { status, errors } = await setup.sftp(`put local.txt ${setup.at('/srv/drop/a')}\nput large.bin ${setup.at('/srv/drop/large.bin')}\nget ${setup.at('/srv/drop/large.bin')} back.bin\nls -l ${setup.at('/srv/pub/deep')}\n`)
      assert.equal(status, 0, errors)
      assert.deepEqual(readFileSync(setup.at('/work/back.bin')), readFileSync(setup.at('/work/large.bin')))
      const digests = setup.desk.ledger.of('operation.finished').flatMap(({ digest }) => digest ?? [])
      assert.deepEqual(digests.slice(1), [sha256(readFileSync(setup.at('/work/large.bin'))), sha256(readFileSync(setup.at('/work/large.bin')))])
    } finally {
      await setup.close()
    }
  })
})

describe('SFTP packets that no client sends', { skip: SFTP_MISSING }, () => {
  test('end their channel with a reason or are answered, and others go on', { timeout: 120_000 }, async () => {
    const setup = await startSftp({ rules: dropRules('/nowhere') })
    try {
      let seed = 99
      const random = (below: number): number => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) >> 8) % below
      const steady = await RawSftp.connect(setup.socketPath)
      for (let round = 0; round < 100; round++) {
        const client = await RawSftp.connect(setup.socketPath)
        const opened = await client.open(setup.at('/srv/pub/readme.txt'), R)
        for (let count = 0; count < 100; count++) {
          const valid = Buffer.concat([u32(count), random(2) === 0 ? str(opened.handle) : str(setup.at('/srv/pub')), u64(random(100)), u32(random(5000)), NO_ATTRIBUTES])
          const body = random(3) === 0 ? randomBytes(random(60)) : valid.subarray(0, random(valid.length + 1))
          const bytes = packet(random(4) === 0 ? random(256) : 3 + random(18), body)
          if (random(40) === 0) bytes.writeUInt32BE(random(0x7fffffff), 0)
          client.send(bytes)
        }
        client.end()
        if (round % 10 === 0) assert.equal((await steady.request(TYPE.stat, str(setup.at('/srv/pub')))).status, 0)
      }
      steady.end()
      for (const reason of setup.failures) assert.match(reason, /^the client broke the SFTP protocol: /)
    } finally {
      await setup.close()
    }
  })
})
