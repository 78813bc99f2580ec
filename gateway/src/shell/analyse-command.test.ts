import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import fc from 'fast-check'
import { legitimateCommands } from '../../test/tables/legitimate-commands.ts'
import { shellEvasions } from '../../test/tables/shell-evasions.ts'
import { analyseCommand, loadShellParser } from './analyse-command.ts'

const facts = (command: string) => analyseCommand(command).facts

describe('analyseCommand', () => {
  before(loadShellParser)

  it('names programs, objects and the number of commands', () => {
    const { actions, objects, functions, statements, readOnly, filtered } = facts('sudo /bin/rm -rf /srv/old && systemctl restart nginx.service')
    assert.deepEqual(actions, ['privilege', 'remove', 'restart'])
    assert.deepEqual(objects, ['/srv/old', 'service:nginx'])
    assert.deepEqual(functions, ['/bin/rm', 'rm', 'sudo', 'systemctl'])
    assert.deepEqual({ statements, readOnly, filtered }, { statements: 2, readOnly: false, filtered: true })
  })

  it('names paths as written, and what a variable or a loop makes of them', () => {
    assert.deepEqual(facts('cat ~/x ./y $HOME/z').objects, ['$HOME/z', './y', '~/x'])
    assert.deepEqual(facts('d=/srv/app; rm "$d/lock"').objects, ['/srv/app/lock'])
    assert.deepEqual(facts('for f in a b; do rm "$f.log"; done').objects, ['{a,b}.log'])
    assert.deepEqual(facts('find /var/log -name x -exec rm {} +').objects, ['/var/log', '/var/log/…'])
    assert.deepEqual(facts('apt-get install -y nginx').objects, ['package:nginx'])
    assert.deepEqual(facts('openssl x509 -noout -in=a=b').objects, ['a=b'])
    assert.deepEqual(facts('curl -s https://example.com:8443/x').objects, ['host:example.com:8443'])
    assert.deepEqual(facts('cd /etc && cat shadow').objects, ['/etc', 'shadow'])
    assert.deepEqual(facts('pushd -n /etc; env -C /srv cat x; tar -C /var -cf - log').objects, ['/etc', '/srv', '/var', 'log', 'x'])
  })

  it('is unfiltered where a pattern, a variable or a root reaches a whole tree', () => {
    for (const command of ['rm -rf /', 'rm -rf *', 'rm *', 'rm -rf "$x"', 'rm -rf ~', 'rm -r .', 'find / -delete', 'find . -delete', 'rsync -a --delete a/ b/', 'rm -rf /etc', 'ls | xargs rm', 'chmod -R 777 /']) {
      assert.equal(facts(command).filtered, false, command)
    }
    for (const command of ['rm -rf /srv/app/old', 'rm x', 'find /var/log -name x.gz -delete', 'ls *', 'chmod -R g+r /srv/app']) {
      assert.equal(facts(command).filtered, true, command)
    }
  })

  it('says for whom it is unknown, in words', () => {
    assert.equal(facts('frobnicate x').unknownBecause, 'what frobnicate does is not known here')
    assert.equal(facts('$x').unknownBecause, 'the name of a program is computed: $x')
    assert.match(facts('echo "a').unknownBecause ?? '', /does not parse/)
    assert.match(facts('find $dir -name x').unknownBecause ?? '', /quote it/)
  })

  it('still names what a command would do that is unknown for another reason', () => {
    for (const command of ['./ls; rm x', '$x rm y', 'eval "rm $x"; rm z', 'bash -O extglob -c "rm x"', "a='rm x'; sh -c \"$a\""]) {
      assert.ok(facts(command).unknown, command)
      assert.ok(facts(command).actions.includes('remove'), command)
    }
  })

  it('tells a file transfer and its direction', () => {
    assert.deepEqual(analyseCommand('scp -r -t -- "/srv/a b"').transfer, { program: 'scp', direction: 'to-target', paths: ['/srv/a b'] })
    assert.deepEqual(analyseCommand('rsync --server --sender -logDtpre.iLsfxCIvu . /var/log/').transfer, { program: 'rsync', direction: 'from-target', paths: ['/var/log/'] })
    assert.deepEqual(analyseCommand("git-upload-pack '/srv/repo.git'").transfer, { program: 'git', direction: 'from-target', paths: ['/srv/repo.git'] })
    assert.equal(analyseCommand('/usr/lib/openssh/sftp-server').transfer?.program, 'sftp-server')
    assert.equal(analyseCommand('scp -t x; ls').transfer, undefined)
  })

  it('does not take for a read on a terminal what starts a pager or an editor there, or writes', () => {
    for (const command of ['less x', 'git log', 'journalctl -u nginx', 'systemctl status nginx', 'top -n 1', 'loginctl list-sessions', 'timedatectl list-timezones', 'service nginx status', 'dpkg -l', 'apt list --installed', 'nmcli connection show', 'read -e x', 'nohup ls']) {
      const { facts: plain, onTerminal } = analyseCommand(command)
      assert.ok(plain.readOnly, command)
      assert.ok(onTerminal.unknown && !onTerminal.readOnly, command)
    }
    for (const command of ['ls', 'read -r x', 'git --no-pager log', 'journalctl --no-pager', 'loginctl --no-pager list-sessions']) assert.ok(analyseCommand(command).onTerminal.readOnly, command)
  })

  it('refuses characters that other readers take otherwise', () => {
    for (const command of ['ls \0', 'ls \ufffd', 'ls \ud800', 'ls é\\; rm x', "ls '表|x'"]) assert.ok(facts(command).unknown, JSON.stringify(command))
    for (const command of ['ls é', "grep 'naïve café' x", 'echo 日本語']) assert.ok(facts(command).readOnly, command)
    for (const command of ['r\u200bm x', 'ｒｍ x', 'rm\u00a0x', 'rm\r', 'lѕ']) assert.ok(facts(command).unknown, JSON.stringify(command))
  })

  const words = fc.constantFrom(
    'ls', 'rm', '-rf', 'x', '$x', '"$x"', "'", '"', '`', '$(', ')', '((', '))', '{', '}', ';', '&&', '|', '&', '>', '<<E', '\nE\n', '\n', '[[', ']]', '${', ':-', '#', '\\', 'if', 'then', 'fi', 'for', 'in', 'do', 'done', 'case', 'esac', '*', '!', '=', 'a=', '$((', '<(', "$'", 'eval', 'function', '()', ' ', ' ',
  )
  const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.array(words, { maxLength: 40 }).map((parts) => parts.join(' ')), fc.array(words, { maxLength: 40 }).map((parts) => parts.join('')))

  it('never throws, says the same again, and is not a read and unknown at once', () => {
    fc.assert(fc.property(texts, (text) => {
      const first = analyseCommand(text)
      // Another text between, so that the cache is not all that is tested.
      const again = analyseCommand(`${text} `)
      assert.deepEqual(analyseCommand(text), first)
      assert.ok(!(first.facts.readOnly && first.facts.unknown))
      assert.ok(!(again.facts.readOnly && again.facts.unknown))
      assert.equal(first.facts.unknown, first.facts.unknownBecause !== undefined)
    }), { numRuns: 3000 })
  })

  it('never takes anything with a removal after it for a read', () => {
    const anything = fc.oneof(fc.constantFrom(...legitimateCommands.map(({ command }) => command)), fc.constantFrom(...shellEvasions.map(({ command }) => command)), texts)
    fc.assert(fc.property(anything, fc.constantFrom('; ', '\n', ' & ', ' && ', ' || ', ' | ', ';'), (text, joint) => {
      // A comment or a here-document may swallow what follows on its line, as it does for a shell.
      if (joint !== '\n' && (text.includes('#') || text.includes('<<'))) return
      if (joint === '\n' && (text.includes('<<') || text.endsWith('\\'))) return
      const { facts: found } = analyseCommand(`${text}${joint}rm -rf x`)
      assert.equal(found.readOnly && !isQuoted(text), false, `${text}${joint}rm -rf x`)
    }), { numRuns: 3000 })
  })

  it('says the same of a word however it is quoted', () => {
    const plain = fc.constantFrom(...legitimateCommands.map(({ command }) => command).filter((command) => /^[a-z]+( [-a-z0-9/.]+)*$/u.test(command)))
    const quote = fc.constantFrom((word: string) => `'${word}'`, (word: string) => `"${word}"`, (word: string) => `${word.slice(0, 1)}''${word.slice(1)}`, (word: string) => `\\${word}`, (word: string) => `$'${word}'`, (word: string) => `"${word.slice(0, 1)}"'${word.slice(1)}'`)
    fc.assert(fc.property(plain, fc.array(quote, { minLength: 12, maxLength: 12 }), (command, quotes) => {
      const quoted = command.split(' ').map((word, at) => quotes[at % 12]?.(word) ?? word).join(' ')
      // `time`, `if` and such are no longer what they were when quoted.
      if (command.startsWith('time ')) return
      assert.deepEqual(facts(quoted), facts(command), quoted)
    }), { numRuns: 1000 })
  })

  it('takes no time to speak of for the worst texts', (test) => {
    const slowest = { took: 0, text: '' }
    const size = 64_000
    const fill = (text: string) => text.repeat(Math.floor(size / text.length))
    for (const text of [
      fill('$('), fill('"$('), fill('`'), fill('${a:-'), fill('$(('), fill('(('), fill('('), fill('{'), `echo ${fill('{a,')}`, `ls ${fill('x ')}`, fill('cat <<A <<B <<C '), fill('! '), fill('if '), fill('a['), fill("'"), fill('a && '), fill('a | '), fill('ls;'), fill('cat <<E\n$(ls)\nE\n'), fill('[[ ( '), fill('<('), fill('\\'), fill('a=b '), fill('a=$a;'),
      fill('sh -c ').slice(0, 300), `sh -c '${fill('ls; ')}'`, fill('eval '), `eval "${fill("eval '").slice(0, 100)}`, fill('sudo '), fill('env '), `sed '${fill('/')}'`, `awk '${fill('/')}'`, `awk '${fill('[')}'`, fill('time '), fill('f() { '), fill('xargs '), fill('${x//'), `find ${fill('-exec ')}`, fill('timeout 5 '),
    ]) {
      const times = [' ', '', '\n'].map((more) => {
        const start = process.threadCpuUsage()
        analyseCommand(`${text}${more}`)
        const { user, system } = process.threadCpuUsage(start)
        return (user + system) / 1000
      })
      // The best of three: collecting garbage and compiling are others' doing.
      const took = Math.min(...times)
      if (took > slowest.took) Object.assign(slowest, { took, text: text.slice(0, 20) })
      assert.ok(took < 150, `${text.slice(0, 20)}… took ${took.toFixed(0)} ms`)
    }
    test.diagnostic(`slowest: ${slowest.took.toFixed(1)} ms for ${slowest.text}…`)
  })
})

/** What follows may be inside a quotation that the text opens. */
function isQuoted(text: string): boolean {
  return ["'", '"', '`', '\\', '$('].some((mark) => text.includes(mark)) && !legitimateCommands.some(({ command }) => command === text)
}
