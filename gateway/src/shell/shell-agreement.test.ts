import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { analyseCommand, loadShellParser } from './analyse-command.ts'

const PROGRAMS = ['ls', 'rm', 'cat', 'mv', 'grep', 'sort']

/** Texts of a grammar of commands, some of them with characters put in or taken out. No functions: one that calls itself never ends. */
const { command } = fc.letrec<{ word: string; simple: string; command: string }>((tie) => {
  const inside = (shape: (text: string) => string) => tie('command').map(shape)
  return {
    word: fc.oneof({ depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('x', '$v', '"$v"', "'a b'", '"a b"', '\\x', "$'a'", "''", '*', '{a,b}', '${v:-x}', '-l', '#x', '"', "'", '\\', '!', '$', "'\\'", "$'\\''", '\\\n', '`', '>x', '&>x', '2>&1', '<<<x', '<<E\nq\nE\n', '<<"E"\n$(rm)\nE\n'),
      inside((text) => `$(${text})`), inside((text) => `"$(${text})"`), inside((text) => `\`${text}\``), inside((text) => `\${v:-$(${text})}`), inside((text) => `<(${text})`), inside((text) => `'${text}'`), inside((text) => `"${text}"`),
      inside((text) => `\${v#'${text}'}`), inside((text) => `$'${text}'`), inside((text) => `<<E\n${text}\nE\n`), inside((text) => `<<'E'\n${text}\nE\n`), inside((text) => `$((${text}))`),
    ),
    simple: fc.tuple(fc.constantFrom(...PROGRAMS), fc.array(tie('word'), { maxLength: 2 })).map(([name, words]) => [name, ...words].join(' ')),
    command: fc.oneof({ depthSize: 'small', withCrossShrink: true },
      tie('simple'), fc.tuple(tie('command'), fc.constantFrom('; ', ' && ', ' || ', ' | ', ' & ', '\n', ' # '), tie('command')).map((parts) => parts.join('')),
      inside((text) => `(${text})`), inside((text) => `{ ${text}; }`), inside((text) => `! ${text}`), inside((text) => `if ${text}; then ls; fi`), inside((text) => `case x in x) ${text};; esac`),
      inside((text) => `eval '${text}'`), inside((text) => `((${text}))`), inside((text) => `[[ -n x || ${text} ]]`), inside((text) => `trap '${text}' EXIT`), inside((text) => `cat <<E; ls\n${text}\nE\n`), inside((text) => `v=x; ${text}`),
    ),
  }
})
const edits = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.constantFrom('', '"', "'", '`', '\\', '$', '(', ')', '{', '}', ';', '&', '|', '<', '\n', ' ', '#', '[', "$'", '$(', '((', '<<', '\\\n', '\r')), { maxLength: 3 })
const texts = fc.tuple(command, edits).map(([text, changes]) => changes.reduce((changed, [where, what]) => {
  const at = where % (changed.length + 1)
  return changed.slice(0, at) + what + changed.slice(what === '' ? at + 1 : at)
}, text))

describe('the analysis and real shells', () => {
  let folder: string
  let runs = 0

  before(async () => {
    await loadShellParser()
    folder = mkdtempSync(join(tmpdir(), 'sallyport-agreement-'))
    mkdirSync(join(folder, 'bin'))
    for (const name of PROGRAMS) {
      const file = join(folder, 'bin', name)
      // Says that it ran, and does nothing.
      writeFileSync(file, `#!/bin/sh\necho ${name} >> "$RAN"\n`)
      chmodSync(file, 0o755)
    }
  })

  after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

  it('agree: bash and sh start no program that a known command line does not name', () => {
    let compared = 0
    fc.assert(fc.property(texts, (text) => {
      const { facts } = analyseCommand(text)
      // An edit may have made a function: one that calls itself never ends, and its processes are nobody's to stop.
      if (facts.unknown || text.length > 1000 || /\([\s\\]*\)/.test(text)) return
      for (const shell of ['bash', 'sh']) {
        const ran = join(folder, `ran-${runs++}`)
        const cwd = mkdtempSync(join(folder, 'cwd-'))
        writeFileSync(ran, '')
        spawnSync(`/bin/${shell}`, ['-c', text], { cwd, env: { PATH: join(folder, 'bin'), HOME: cwd, RAN: ran }, stdio: 'ignore', timeout: 5000, killSignal: 'SIGKILL' })
        const started = [...new Set(readFileSync(ran, 'utf8').split('\n'))].filter((name) => name !== '')
        compared += started.length
        assert.deepEqual(started.filter((name) => !facts.functions.includes(name)), [], `${shell}: ${JSON.stringify(text)}`)
      }
    }), { numRuns: 800 })
    assert.ok(compared > 100, `only ${compared} programs were started`)
  })
})
