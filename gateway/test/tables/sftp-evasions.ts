import { linkSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { setImmediate as turn } from 'node:timers/promises'
import { APPEND, CREATE, EXCLUSIVE, NO_ATTRIBUTES, packet, R, type RawSftp, str, TRUNCATE, TYPE, u32, u64, W } from '../support/raw-sftp.ts'

/**
 * Ways to write outside `/srv/drop`, or to read keys and password hashes, through SFTP under a policy that lets all else
 * through, links and renames within `/srv/drop` too. Whatever is answered: nothing outside may change, no secret may come.
 */
export interface SftpEvasion {
  readonly name: string
  /** Puts in place what others left there. */
  readonly before?: (at: At) => void
  readonly run: (client: RawSftp, at: At, again: (version?: number) => Promise<RawSftp>) => Promise<unknown>
}

/** Path under the folder that stands for `/`. */
type At = (path: string) => string

const size = (bytes: number): Buffer => Buffer.concat([u32(1), u64(bytes)])
const mode = (bits: number): Buffer => Buffer.concat([u32(4), u32(bits)])
const owner = (user: number): Buffer => Buffer.concat([u32(2), u32(user), u32(user)])
const times = (at: number): Buffer => Buffer.concat([u32(8), u32(at), u32(at)])
const drop = (at: At, name = ''): string => at(name === '' ? '/srv/drop' : `/srv/drop/${name}`)
/** From home, as a client that names no root. */
const RELATIVE_SHADOW = '../../etc/shadow'

/** A request and what guesses its handle, in one write. */
function pipelined(client: RawSftp, ...packets: readonly (readonly [type: number, ...fields: Buffer[]])[]): Promise<unknown> {
  const ids = packets.map(() => client.nextId())
  const answers = ids.map((id) => client.answerTo(id))
  client.send(Buffer.concat(packets.map(([type, ...fields], index) => packet(type, u32(ids[index] ?? 0), ...fields))))
  return Promise.all(answers)
}

const plain: readonly SftpEvasion[] = [
  { name: 'writing beside the folder', run: (c, at) => c.put(at('/srv/escaped'), 'x') },
  { name: 'writing into a folder whose name begins alike', before: (at) => mkdirSync(at('/srv/dropped')), run: (c, at) => c.put(at('/srv/dropped/x'), 'x') },
  { name: 'dots that lead out', run: (c, at) => c.put(`${drop(at)}/../escaped`, 'x') },
  { name: 'dots behind a folder that is there', run: async (c, at) => {
    await c.request(TYPE.mkdir, str(drop(at, 'a')), NO_ATTRIBUTES)
    await c.put(`${drop(at)}/a/../../escaped`, 'x')
  } },
  { name: 'dots behind a folder that is not there', run: (c, at) => c.put(`${drop(at)}/nowhere/../../escaped`, 'x') },
  { name: 'dots behind a file', run: (c, at) => c.put(`${drop(at)}/old.txt/../../escaped`, 'x') },
  { name: 'doubled slashes', run: (c, at) => c.put(`/${drop(at)}//..//escaped`, 'x') },
  { name: 'a path from home', run: (c) => c.put('escaped', 'x') },
  { name: 'dots from home', run: (c) => c.put('../../srv/escaped', 'x') },
  { name: 'dots beyond the root', run: (c, at) => c.put(`/../../..${at('/srv/escaped')}`, 'x') },
  { name: 'a dot and a slash at the end', run: (c, at) => c.put(`${at('/srv/escaped')}/.`, 'x') },
  { name: 'reading hashes by their path', run: (c, at) => c.get(at('/etc/shadow')) },
  { name: 'reading hashes from home', run: (c) => c.get(RELATIVE_SHADOW) },
  { name: 'reading hashes with dots and slashes', run: (c, at) => c.get(`${at('/etc')}/.//../etc/./shadow`) },
  { name: 'reading hashes with a slash at the end', run: (c, at) => c.get(`${at('/etc/shadow')}/`) },
  { name: 'reading keys from home', run: (c) => c.get('.ssh/id_ed25519') },
  { name: 'reading keys of another', run: (c, at) => c.get(at('/home/erin/.ssh/id_ed25519')) },
  { name: 'reading keys by dots through their folder', run: (c) => c.get('../dana/.ssh/../.ssh/id_ed25519') },
  { name: 'listing keys', run: async (c) => {
    const { handle } = await c.request(TYPE.opendir, str('.ssh'))
    return c.request(TYPE.readdir, str(handle))
  } },
]

const links: readonly SftpEvasion[] = [
  { name: 'a link to hashes, made here', run: async (c, at) => {
    await c.request(TYPE.symlink, str(at('/etc/shadow')), str(drop(at, 'x')))
    await c.get(drop(at, 'x'))
  } },
  { name: 'a link with a relative text', run: async (c, at) => {
    await c.request(TYPE.symlink, str('../../etc/shadow'), str(drop(at, 'x')))
    await c.get(drop(at, 'x'))
  } },
  { name: 'a link whose text is right elsewhere, moved', run: async (c, at) => {
    await c.request(TYPE.mkdir, str(drop(at, 'a')), NO_ATTRIBUTES)
    await c.request(TYPE.mkdir, str(drop(at, 'a/b')), NO_ATTRIBUTES)
    await c.request(TYPE.symlink, str('../../old.txt'), str(drop(at, 'a/b/x')))
    await c.request(TYPE.rename, str(drop(at, 'a/b/x')), str(drop(at, 'x')))
    await c.put(drop(at, 'x'), 'x')
  } },
  { name: 'a link to a folder outside, there before', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.put(drop(at, 'e/escaped'), 'x') },
  { name: 'reading through a link, there before', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.get(drop(at, 'e/shadow')) },
  { name: 'a chain of links', before: (at) => {
    symlinkSync(at('/home'), drop(at, 'one'))
    symlinkSync('one', drop(at, 'two'))
    symlinkSync('two/erin', drop(at, 'three'))
  }, run: (c, at) => c.get(drop(at, 'three/.ssh/id_ed25519')) },
  { name: 'a link to nothing yet', before: (at) => symlinkSync(at('/etc/cron.d/escaped'), drop(at, 'x')), run: (c, at) => c.put(drop(at, 'x'), 'x') },
  { name: 'a link to nothing yet, to be made anew', before: (at) => symlinkSync(at('/etc/cron.d/escaped'), drop(at, 'x')),
    run: (c, at) => c.open(drop(at, 'x'), W | CREATE | EXCLUSIVE) },
  { name: 'a link to a link to nothing yet', before: (at) => {
    symlinkSync(at('/etc/cron.d/escaped'), drop(at, 'y'))
    symlinkSync('y', drop(at, 'x'))
  }, run: (c, at) => c.put(drop(at, 'x'), 'x') },
  { name: 'a link through the root of a process', before: (at) => symlinkSync(`/proc/self/root${at('/etc')}`, drop(at, 'p')), run: (c, at) => c.get(drop(at, 'p/shadow')) },
  { name: 'the root of a process', run: (c, at) => c.get(`/proc/self/root${at('/etc/shadow')}`) },
  { name: 'the folder of a process', run: (c) => c.get('/proc/self/cwd/.ssh/id_ed25519') },
  { name: 'the folder of a process, to write', run: (c) => c.put('/proc/self/cwd/escaped', 'x') },
  { name: 'dots behind a link', before: (at) => symlinkSync(at('/home/dana'), drop(at, 'h')), run: (c, at) => c.put(drop(at, 'h/../erin/escaped'), 'x') },
  { name: 'dots that by the text alone stay inside', before: (at) => symlinkSync(at('/home/dana'), drop(at, 'h')), run: (c, at) => c.put(drop(at, 'h/../old.txt'), 'x') },
  { name: 'a link with a slash at its end, made larger rights', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')),
    run: (c, at) => c.extended('lsetstat@openssh.com', str(drop(at, 'e/')), mode(0o777)) },
  { name: 'a link whose target gets other rights', before: (at) => symlinkSync(at('/etc/shadow'), drop(at, 'x')), run: (c, at) => c.request(TYPE.setstat, str(drop(at, 'x')), mode(0o644)) },
  { name: 'a link whose target is emptied', before: (at) => symlinkSync(at('/etc/passwd'), drop(at, 'x')), run: (c, at) => c.request(TYPE.setstat, str(drop(at, 'x')), size(0)) },
  { name: 'a folder made through a link', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.request(TYPE.mkdir, str(drop(at, 'e/escaped')), NO_ATTRIBUTES) },
  { name: 'a folder made over a link to nothing', before: (at) => symlinkSync(at('/etc/escaped'), drop(at, 'x')), run: (c, at) => c.request(TYPE.mkdir, str(drop(at, 'x/')), NO_ATTRIBUTES) },
  { name: 'a file removed through a link', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.request(TYPE.remove, str(drop(at, 'e/passwd'))) },
  { name: 'a folder removed through a link', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.request(TYPE.rmdir, str(drop(at, 'e/cron.d'))) },
  { name: 'a rename through a link, out', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: (c, at) => c.request(TYPE.rename, str(drop(at, 'old.txt')), str(drop(at, 'e/escaped'))) },
  { name: 'a rename through a link, in', before: (at) => symlinkSync(at('/etc'), drop(at, 'e')), run: async (c, at) => {
    await c.request(TYPE.rename, str(drop(at, 'e/shadow')), str(drop(at, 'mine')))
    await c.get(drop(at, 'mine'))
  } },
  { name: 'a listing through a link', before: (at) => symlinkSync(at('/home/dana'), drop(at, 'h')), run: async (c, at) => {
    const { handle } = await c.request(TYPE.opendir, str(drop(at, 'h/.ssh')))
    return c.request(TYPE.readdir, str(handle))
  } },
]

const otherRequests: readonly SftpEvasion[] = [
  { name: 'a hard link to hashes', run: async (c, at) => {
    await c.extended('hardlink@openssh.com', str(at('/etc/shadow')), str(drop(at, 'x')))
    await c.get(drop(at, 'x'))
  } },
  { name: 'a hard link out of the folder', run: (c, at) => c.extended('hardlink@openssh.com', str(drop(at, 'old.txt')), str(at('/etc/escaped'))) },
  { name: 'a hard link to a link', before: (at) => symlinkSync(at('/etc/shadow'), drop(at, 'l')), run: async (c, at) => {
    await c.extended('hardlink@openssh.com', str(drop(at, 'l')), str(drop(at, 'x')))
    await c.get(drop(at, 'x'))
  } },
  { name: 'a rename of hashes to here', run: async (c, at) => {
    await c.request(TYPE.rename, str(at('/etc/shadow')), str(drop(at, 'x')))
    await c.get(drop(at, 'x'))
  } },
  { name: 'a rename of a folder of keys', run: async (c, at) => {
    await c.extended('posix-rename@openssh.com', str('.ssh'), str(drop(at, 'keys')))
    await c.get(drop(at, 'keys/id_ed25519'))
  } },
  { name: 'a rename of a whole home', run: async (c, at) => {
    await c.extended('posix-rename@openssh.com', str(at('/home/erin')), str(drop(at, 'erin')))
    await c.get(drop(at, 'erin/.ssh/id_ed25519'))
  } },
  { name: 'a rename over a file outside', run: (c, at) => c.extended('posix-rename@openssh.com', str(drop(at, 'old.txt')), str(at('/etc/passwd'))) },
  { name: 'a rename of the folder itself', run: (c, at) => c.request(TYPE.rename, str(drop(at)), str(at('/srv/gone'))) },
  { name: 'a copy of hashes within the target', run: async (c, at) => {
    const from = await c.open(at('/etc/shadow'), R)
    const to = await c.open(drop(at, 'x'), W | CREATE)
    await c.extended('copy-data', str(from.handle), u64(0), u64(0), str(to.handle), u64(0))
    await c.close(to.handle)
    await c.get(drop(at, 'x'))
  } },
  { name: 'a copy into a file that is only read', run: async (c, at) => {
    const from = await c.open(drop(at, 'old.txt'), R)
    const to = await c.open(at('/etc/passwd'), R)
    await c.extended('copy-data', str(from.handle), u64(0), u64(0), str(to.handle), u64(0))
  } },
  { name: 'a tilde', run: async (c) => {
    const answer = await c.extended('expand-path@openssh.com', str('~/.ssh/id_ed25519'))
    return c.get(answer.body.subarray(8).toString('utf8').split('\0')[0] ?? '')
  } },
  { name: 'a tilde that is only a name', run: (c) => c.put('~/../escaped', 'x') },
  { name: 'rights of a file outside', run: (c, at) => c.request(TYPE.setstat, str(at('/etc/shadow')), mode(0o666)) },
  { name: 'an owner of a file outside', run: (c, at) => c.request(TYPE.setstat, str(at('/etc/shadow')), owner(1000)) },
  { name: 'times of a file outside', run: (c, at) => c.request(TYPE.setstat, str(at('/etc/passwd')), times(1)) },
  { name: 'a file outside emptied by its size', run: (c, at) => c.request(TYPE.setstat, str(at('/etc/passwd')), size(0)) },
  { name: 'rights of a link outside', run: (c, at) => c.extended('lsetstat@openssh.com', str(at('/etc/passwd')), mode(0o777)) },
  { name: 'a file outside removed', run: (c, at) => c.request(TYPE.remove, str(at('/etc/passwd'))) },
  { name: 'a folder outside removed', run: (c, at) => c.request(TYPE.rmdir, str(at('/etc/cron.d'))) },
  { name: 'a folder made outside', run: (c, at) => c.request(TYPE.mkdir, str(at('/etc/escaped')), NO_ATTRIBUTES) },
  { name: 'a link made outside', run: (c, at) => c.request(TYPE.symlink, str(drop(at, 'old.txt')), str(at('/etc/escaped'))) },
  { name: 'a link made outside, its paths in the order of the specification', run: (c, at) => c.request(TYPE.symlink, str(at('/etc/escaped')), str(drop(at, 'old.txt'))) },
]

const openFlags: readonly SftpEvasion[] = [
  { name: 'an open for reading that empties', run: (c, at) => c.open(at('/etc/passwd'), R | TRUNCATE) },
  { name: 'an open for reading that makes a file', run: (c, at) => c.open(at('/etc/escaped'), R | CREATE) },
  { name: 'an open for nothing that makes a file', run: (c, at) => c.open(at('/etc/escaped'), CREATE) },
  { name: 'an open for nothing that empties', run: (c, at) => c.open(at('/etc/passwd'), TRUNCATE) },
  { name: 'an open for nothing, which reads', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/shadow'), 0)
    await c.read(handle, 0, 100)
  } },
  { name: 'an append without a write', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), APPEND)
    await c.write(handle, 0, 'evil')
  } },
  { name: 'an append to a file outside', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), W | APPEND)
    await c.write(handle, 0, 'evil')
  } },
  { name: 'an open with flags that nobody knows', run: (c, at) => c.open(at('/etc/passwd'), R | 0x40 | TRUNCATE) },
  { name: 'a write to a file that is read', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), R)
    await c.write(handle, 0, 'evil')
  } },
  { name: 'a size for a file that is read', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), R)
    await c.request(TYPE.fsetstat, str(handle), size(0))
  } },
  { name: 'rights for a file that is read', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), R)
    await c.request(TYPE.fsetstat, str(handle), mode(0o666))
  } },
  { name: 'times for a file that is read', run: async (c, at) => {
    const { handle } = await c.open(at('/etc/passwd'), R)
    await c.request(TYPE.fsetstat, str(handle), times(1))
  } },
  { name: 'rights for a folder that is listed', run: async (c, at) => {
    const { handle } = await c.request(TYPE.opendir, str(at('/etc')))
    await c.request(TYPE.fsetstat, str(handle), mode(0o777))
  } },
  { name: 'a folder as a file', run: async (c, at) => {
    const { handle } = await c.open(at('/etc'), R)
    await c.request(TYPE.readdir, str(handle))
    await c.write(handle, 0, 'x')
  } },
  { name: 'a file as a folder', run: async (c, at) => {
    const { handle } = await c.request(TYPE.opendir, str(at('/etc/passwd')))
    await c.read(handle, 0, 100)
  } },
]

const handles: readonly SftpEvasion[] = [
  { name: 'a handle that was guessed', run: (c) => Promise.all([0, 1, 2, 3].map((number) => c.write(u32(number), 0, 'evil'))) },
  { name: 'a handle that was given back, now of another file', run: async (c, at) => {
    const mine = await c.open(drop(at, 'x'), W | CREATE)
    await c.close(mine.handle)
    // The same number again, for a file that may only be read.
    await c.open(at('/etc/passwd'), R)
    await c.write(mine.handle, 0, 'evil')
  } },
  { name: 'a handle guessed in the same breath as its open', run: (c, at) =>
    pipelined(c, [TYPE.open, str(at('/etc/passwd')), u32(R), NO_ATTRIBUTES], [TYPE.write, str(u32(0)), u64(0), str('evil')], [TYPE.write, str(u32(1)), u64(0), str('evil')]) },
  { name: 'a read guessed in the same breath as an open that is refused', run: (c, at) =>
    pipelined(c, [TYPE.open, str(at('/etc/shadow')), u32(R), NO_ATTRIBUTES], [TYPE.read, str(u32(0)), u64(0), u32(100)], [TYPE.fstat, str(u32(0))]) },
  { name: 'a close and an open and a write in one breath', run: async (c, at) => {
    const mine = await c.open(drop(at, 'x'), W | CREATE)
    await pipelined(c, [TYPE.close, str(mine.handle)], [TYPE.open, str(at('/etc/passwd')), u32(R), NO_ATTRIBUTES], [TYPE.write, str(mine.handle), u64(0), str('evil')])
  } },
  { name: 'a handle of another channel', run: async (c, at, again) => {
    const other = await again()
    const mine = await other.open(drop(at, 'x'), W | CREATE)
    await c.open(at('/etc/passwd'), R)
    await c.write(mine.handle, 0, 'evil')
    other.end()
  } },
  { name: 'a handle with more behind it', run: async (c, at) => {
    const mine = await c.open(at('/etc/passwd'), R)
    await c.write(Buffer.concat([mine.handle, Buffer.from('\0')]), 0, 'evil')
  } },
  { name: 'an id used twice at once, for what is allowed and what is not', run: async (c, at) => {
    const answers = [c.answerTo(7), c.answerTo(7)]
    c.send(Buffer.concat([packet(TYPE.open, u32(7), str(drop(at, 'x')), u32(W | CREATE), NO_ATTRIBUTES), packet(TYPE.open, u32(7), str(at('/etc/shadow')), u32(R), NO_ATTRIBUTES)]))
    for (const answer of await Promise.all(answers)) if (answer.type === TYPE.handle) await c.read(answer.handle, 0, 100)
  } },
  { name: 'ids that the gateway may use for its own questions', run: async (c, at) => {
    for (let id = 0; id < 40; id++) {
      const answer = c.answerTo(id)
      c.send(packet(TYPE.open, u32(id), str(at('/etc/shadow')), u32(R), NO_ATTRIBUTES))
      const { handle, type } = await answer
      if (type === TYPE.handle) await c.read(handle, 0, 100)
    }
  } },
]

const bytes: readonly SftpEvasion[] = [
  { name: 'a NUL that ends the path for the server', run: (c, at) => c.put(`${at('/etc/escaped')}\0${drop(at)}`, 'x') },
  { name: 'a NUL behind an allowed path', run: (c, at) => c.get(`${at('/etc/shadow')}\0.txt`) },
  { name: 'bytes that are no UTF-8', run: (c, at) => c.put(Buffer.concat([Buffer.from(`${drop(at)}/../`), Buffer.from([0xff, 0xfe])]), 'x') },
  { name: 'a slash in too many bytes', run: (c, at) => c.put(Buffer.concat([Buffer.from(drop(at)), Buffer.from([0xc0, 0xaf]), Buffer.from('../../escaped')]), 'x') },
  { name: 'a backslash', run: (c, at) => c.put(`${at('/srv')}/drop\\..\\..\\escaped`, 'x') },
  { name: 'percent signs', run: (c, at) => c.put(`${at('/srv')}/drop%2f..%2fescaped`, 'x') },
  { name: 'a path with a line break', run: (c, at) => c.put(`${at('/srv/drop')}\n/escaped`, 'x') },
  { name: 'a path too long for the server', run: (c, at) => c.put(`${drop(at)}/${'a/../'.repeat(900)}../escaped`, 'x') },
  { name: 'a path beyond any length', run: (c, at) => c.put(`${drop(at)}/${'./'.repeat(5000)}../escaped`, 'x') },
  { name: 'a name too long', run: (c, at) => c.put(`${at('/etc')}/${'n'.repeat(300)}`, 'x') },
  { name: 'an empty path', run: (c) => c.put('', 'x') },
  { name: 'an open with more behind it', run: (c, at) => c.request(TYPE.open, str(drop(at, 'x')), u32(R), NO_ATTRIBUTES, str(at('/etc/passwd')), u32(W | TRUNCATE)) },
  { name: 'a packet within the data of a write', run: async (c, at) => {
    const mine = await c.open(drop(at, 'x'), W | CREATE)
    await c.write(mine.handle, 0, packet(TYPE.remove, u32(99), str(at('/etc/passwd'))))
  } },
  { name: 'a write that claims less data than it has', run: async (c, at) => {
    const mine = await c.open(drop(at, 'x'), W | CREATE)
    const inner = packet(TYPE.remove, u32(99), str(at('/etc/passwd')))
    await c.request(TYPE.write, str(mine.handle), u64(0), u32(0), inner)
  } },
  { name: 'a packet whose length leaves a request behind it', run: async (c, at) => {
    const inner = packet(TYPE.remove, u32(99), str(at('/etc/passwd')))
    c.send(Buffer.concat([u32(9), Buffer.from([TYPE.stat]), u32(5), u32(inner.length), inner]))
    await Promise.race([c.answerTo(99), c.answerTo(5)])
  } },
]

const versions: readonly SftpEvasion[] = [
  { name: 'INIT a second time', run: async (c, at) => {
    c.send(packet(TYPE.init, u32(3)))
    await c.put(at('/etc/escaped'), 'x')
  } },
  { name: 'INIT for a later version, then its own open', run: async (_c, at, again) => {
    const other = await again(6)
    await other.request(TYPE.open, str(at('/etc/passwd')), u32(0x2), u32(TRUNCATE), NO_ATTRIBUTES)
    other.end()
  } },
  { name: 'an extension that nobody announced', run: (c, at) => c.extended('copy-file', str(at('/etc/shadow')), str(drop(at, 'x')), Buffer.from([1])) },
  { name: 'the extension of a vendor for rename', run: (c, at) => c.extended('posix-rename@openssh.com\0', str(drop(at, 'old.txt')), str(at('/etc/passwd'))) },
  { name: 'messages of later versions', run: async (c, at) => {
    for (const type of [21, 22, 23, 99]) await c.request(type, str(drop(at, 'old.txt')), str(at('/etc/escaped')), Buffer.from([0]))
  } },
  { name: 'extended attributes', run: (c, at) => c.request(TYPE.setstat, str(at('/etc/passwd')), Buffer.concat([u32(0x8000_0004), u32(0o777), u32(1), str('acl@vendor'), str('all')])) },
  { name: 'answers sent as requests', run: async (c) => {
    for (const type of [101, 102, 103, 104, 105, 201]) await c.request(type, u32(0), str('x'))
  } },
]

const RACES = 60

const races: readonly SftpEvasion[] = [
  { name: 'a link swapped in one breath with the write', before: (at) => symlinkSync(at('/etc/cron.d/escaped'), drop(at, 'evil')), run: async (c, at) => {
    for (let round = 0; round < RACES; round++) {
      await pipelined(c,
        [TYPE.open, str(drop(at, 'x')), u32(W | CREATE), NO_ATTRIBUTES], [TYPE.remove, str(drop(at, 'x'))],
        [TYPE.rename, str(drop(at, 'evil')), str(drop(at, 'x'))], [TYPE.open, str(drop(at, 'x')), u32(W | CREATE), NO_ATTRIBUTES],
        [TYPE.rename, str(drop(at, 'x')), str(drop(at, 'evil'))])
    }
  } },
  { name: 'a link swapped by another channel while it is opened', before: (at) => symlinkSync(at('/etc/cron.d/escaped'), drop(at, 'evil')), run: (c, at, again) =>
    swapping(at, again, async () => {
      for (let round = 0; round < RACES; round++) await c.put(drop(at, 'x'), 'evil', W | CREATE)
    }) },
  { name: 'a link to hashes swapped by another channel while it is read', before: (at) => {
    symlinkSync(at('/etc/shadow'), drop(at, 'evil'))
    writeFileSync(drop(at, 'x'), 'harmless')
  }, run: (c, at, again) => swapping(at, again, async () => {
    for (let round = 0; round < RACES; round++) await c.get(drop(at, 'x'))
  }) },
  { name: 'a folder swapped by another channel while a file in it is read', before: (at) => {
    symlinkSync(at('/home/erin/.ssh'), drop(at, 'evil'))
    mkdirSync(drop(at, 'x'))
    writeFileSync(drop(at, 'x/id_ed25519'), 'harmless')
  }, run: (c, at, again) => swapping(at, again, async () => {
    for (let round = 0; round < RACES; round++) await c.get(drop(at, 'x/id_ed25519'))
  }) },
  { name: 'a link that a process on the target puts in place while it is read', before: (at) => {
    symlinkSync(at('/etc/shadow'), drop(at, 'evil'))
    writeFileSync(drop(at, 'x'), 'harmless')
  }, run: async (c, at) => {
    // Once, in the moment between the question and the open: the question behind the open tells.
    const reading = c.get(drop(at, 'x'))
    await turn()
    renameSync(drop(at, 'evil'), drop(at, 'x'))
    await reading
    await c.get(drop(at, 'x'))
  } },
]

/** Another channel of the session renames `evil` to `x` and back, until the work is done. */
async function swapping(at: At, again: () => Promise<RawSftp>, work: () => Promise<void>): Promise<void> {
  const other = await again()
  let working = true
  const swaps = (async () => {
    while (working) {
      await other.extended('posix-rename@openssh.com', str(drop(at, 'x')), str(drop(at, 'kept')))
      await other.extended('posix-rename@openssh.com', str(drop(at, 'evil')), str(drop(at, 'x')))
      await other.extended('posix-rename@openssh.com', str(drop(at, 'x')), str(drop(at, 'evil')))
      await other.extended('posix-rename@openssh.com', str(drop(at, 'kept')), str(drop(at, 'x')))
    }
  })()
  await work()
  working = false
  await swaps
  other.end()
}

/** Hard links that others made cannot be told from files: what is proven is only that none is made here. */
export const HARD_LINK_BEFORE: SftpEvasion = {
  name: 'a hard link to hashes, there before', before: (at) => linkSync(at('/etc/shadow'), drop(at, 'x')), run: (c, at) => c.get(drop(at, 'x')),
}

export const SFTP_EVASIONS: readonly SftpEvasion[] = [
  ...plain, ...links, ...otherRequests, ...openFlags, ...handles, ...bytes, ...versions, ...races,
]
