import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, relative, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, parseDocument } from 'yaml'
import { makeProgram } from '../../cli/src/program.ts'
import { type DemoUnderTest, demoDirectory, startDemoUnderTest } from '../../demo/demo-under-test.ts'
import { checkConfig, renderProblems } from '../src/check-config.ts'
import { type Block, missingLine, readAnchors, readBlocks, readCommands, readLinks, Tickets } from './markdown.ts'
import { makeCertificate } from './support/certificate.ts'
import { freePort } from './support/free-port.ts'
import { type Issuer, startIssuer } from './support/issuer.ts'
import { type PostgresServer, startPostgres } from './support/postgres.ts'
import { createShop } from './support/shop.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const COMMAND_TIMEOUT_MS = 60_000
/** What an example may need that npm does not bring: how to tell that it is there. */
const NEEDS: Readonly<Record<string, string>> = {
  psycopg: '/usr/lib/python3/dist-packages/psycopg',
  pgjdbc: '/usr/share/java/postgresql.jar',
  paramiko: '/usr/lib/python3/dist-packages/paramiko',
  ansible: '/usr/lib/python3/dist-packages/ansible',
  sshd: '/usr/sbin/sshd',
}
/** Pages of which no command can be run without something. */
const PAGE_NEEDS: Readonly<Record<string, string>> = { 'docs/guide/ssh.md': 'sshd' }

interface Page {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
}

const pages: readonly Page[] = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true }).map((name) => join('docs', String(name))).filter((name) => name.endsWith('.md')),
].sort().map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

function page(path: string): Page {
  const found = pages.find((one) => one.path === path)
  if (found === undefined) throw new Error(`there is no ${path}`)
  return found
}

/** What fragments of a document are put into, so that they can be checked. */
const first = parse(readBlocks(page('docs/guide/first-target.md').text).find(({ language }) => language === 'yaml')?.text ?? '') as { targets: readonly object[] }
/** Masks on text streams need a target that has some. */
const box = { name: 'text-streams', protocol: 'ssh', host: 'h', credential: { user: 'u', key: 'vault:k' }, hostKeys: [`SHA256:${'A'.repeat(43)}`] }
const whole = { ...first, targets: [...first.targets, box] }

describe('the documents', () => {
  test('are found, and their blocks too', () => {
    assert.ok(pages.length >= 15, `only ${pages.length}`)
    const languages = pages.flatMap(({ text }) => readBlocks(text).map(({ language }) => language))
    for (const language of ['sh', 'console', 'yaml']) assert.ok(languages.includes(language))
  })

  test('would be caught showing what is not printed', () => {
    const [block] = readBlocks('```console\n$ one\na  …  c\n$ two\n```\n')
    assert.deepEqual(block && readCommands(block), [{ text: 'one', expected: ['a  …  c'] }, { text: 'two', expected: [] }])
    assert.equal(missingLine(['a … c', 'd'], 'x\n a b b c\nd and more\n'), undefined)
    assert.equal(missingLine(['d', 'a … c'], 'a b c\nd\n'), 'a … c')
    assert.equal(missingLine(['a.c'], 'abc\n'), 'a.c')
    assert.deepEqual(readLinks('[a](b.md) `[c](d.md)`\n```\n[e](f.md)\n```\n[g](h#i)'), [{ line: 1, target: 'b.md' }, { line: 5, target: 'h#i' }])
    assert.throws(() => readBlocks('```sh\nnever closed'), /never closed/)
    const tickets = new Tickets()
    const [shown, printed] = [`rv_${'a'.repeat(22)}`, `rv_${'b'.repeat(22)}`]
    tickets.read([`ticket ${shown}`], `other rv_${'c'.repeat(22)}\nticket ${printed}\n`)
    assert.equal(tickets.put(`show ${shown} and rv_other`), `show ${printed} and rv_other`)
  })

  test('link only to what is there', () => {
    const broken = pages.flatMap(({ path, text }) => readLinks(text).flatMap(({ line, target }) => {
      if (/^(https?|mailto):/.test(target)) return []
      const [file = '', anchor] = target.split('#')
      const to = resolve(ROOT, dirname(path), file === '' ? relative(dirname(path), path) : file)
      if (!existsSync(to)) return [`${path}:${line}: ${target}`]
      return anchor === undefined || readAnchors(readFileSync(to, 'utf8')).has(anchor) ? [] : [`${path}:${line}: ${target}`]
    }))
    assert.deepEqual(broken, [])
  })

  test('name only files of the repository that are there', () => {
    const sources = ['gateway', 'cli', 'demo', 'contract', 'scripts'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((name) => `/${folder}/${String(name)}`))
    const missing = pages.flatMap(({ path, text }) => {
      const whole = [...text.matchAll(/`((?:gateway|cli|demo|contract|bench|scripts|docs)\/[\w./-]*\w)`/g)]
        .flatMap(([, name = '']) => (existsSync(join(ROOT, name)) ? [] : [name]))
      // Inside a section about one folder only the file is named.
      const bare = [...text.matchAll(/`((?:wire\/)?[\w-]+\.(?:ts|mjs))`/g)]
        .flatMap(([, name = '']) => (sources.some((source) => source.endsWith(`/${name}`)) ? [] : [name]))
      return [...whole, ...bare].filter((name) => !readBlocks(text).some(({ note }) => note?.value === name)).map((name) => `${path}: ${name}`)
    })
    assert.deepEqual(missing, [])
  })

  test('name no path of one machine', () => {
    const absolute = /(?<![\w.~])\/(?:home|root|Users|work|tmp)\//
    assert.deepEqual(pages.filter(({ text }) => absolute.test(text)).map(({ path }) => path), [])
  })

  for (const { path, text } of pages) {
    for (const block of readBlocks(text).filter(({ language }) => language === 'yaml')) {
      test(`${path}:${block.line} is a valid document`, () => {
        const document = parse(block.text) as object
        const own = 'targets' in document ? document.targets as { name: string }[] : []
        // What the fragment does not name is as in the README's document, whose rules name its targets.
        const targets = [...own, ...(whole.targets as { name: string }[]).filter(({ name }) => own.every((target) => target.name !== name))]
        const complete = 'version' in document ? block.text : parseDocument(JSON.stringify({ ...whole, ...document, targets })).toString()
        assert.equal(renderProblems(path, checkConfig(complete)), '')
      })
    }
  }
})

describe('the commands in the documents', () => {
  const state = demoDirectory()
  const folders: string[] = []
  let demo: DemoUnderTest

  before(async () => {
    demo = await startDemoUnderTest(state.path)
  })
  after(async () => {
    if (demo !== undefined) {
      await demo.interrupt()
      await demo.clear()
    }
    state.remove()
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  })

  for (const { path, text } of pages) {
    const blocks = readBlocks(text)
    if (blocks.some(isRun)) test(`of ${path} do what it shows`, (context) => runPage(path, blocks, (why) => context.skip(why)))
    for (const block of blocks.filter(({ note }) => note?.key === 'flags only')) {
      test(`${path}:${block.line} has only commands and flags that there are (${block.note?.value})`, () => checkFlags(block))
    }
  }

  /** Starts programs of the repository in half the time of npm's own `npx`, which the README's commands are run by. */
  function quickNpx(): string {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-docs-'))
    folders.push(folder)
    writeFileSync(join(folder, 'npx'), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 })
    return folder
  }

  /** @param skip what could not be run; the rest is run all the same */
  async function runPage(path: string, blocks: readonly Block[], skip: (why: string) => void): Promise<void> {
    const needed = NEEDS[PAGE_NEEDS[path] ?? '']
    if (needed !== undefined && !existsSync(needed)) return skip(`${path} was not run: ${needed} is not installed`)
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-docs-'))
    folders.push(folder)
    // A folder like the clone, into which examples can be saved.
    for (const name of ['node_modules', 'demo', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name))
    const shell = new Shell(folder, path === 'README.md' ? [] : [quickNpx()], demo, path === 'docs/guide/first-target.md' ? await ownTarget(folder) : noTarget())
    try {
      for (const block of blocks) {
        if (block.note?.key === 'file') shell.save(block.note.value, block.text)
        const need = block.note?.key === 'needs' ? block.note.value : undefined
        const where = need === undefined ? '' : (NEEDS[need] ?? assert.fail(`${path}:${block.line}: unknown need "${need}"`))
        if (where !== '' && !existsSync(where)) skip(`${path}:${block.line} was not run: ${where} is not installed`)
        else if (isRun(block)) {
          for (const { text, expected } of readCommands(block)) {
            if (block.note?.key === 'waits') await shell.begin(`${path}:${block.line}`, text, expected)
            else await shell.run(`${path}:${block.line}`, text, expected)
          }
          if (block.note?.key !== 'waits') await shell.finish()
        }
      }
      await shell.finish()
    } finally {
      await shell.close()
    }
  }

  function checkFlags(block: Block): void {
    const text = block.text.replaceAll(/\\\n\s*/g, ' ')
    const calls = [...text.matchAll(/npx sallyport ((?:[a-z][a-z-]* ?)+)([^\n)]*)/g)]
    for (const [, words = '', rest = ''] of calls) {
      const help = helpOf(words.trim().split(' '))
      for (const [flag] of rest.split(' -- ')[0]?.matchAll(/--[a-z-]+/g) ?? []) assert.match(help, new RegExp(`${flag}\\b`), `${words}: ${flag}`)
    }
    const others = text.split('\n').map((line) => line.split(' ')[0] ?? '').filter((word) => !['npx', 'export'].includes(word))
    for (const program of others) assert.ok(['curl', 'kubectl', 'psql', 'openssl', 'npm', 'git', 'cd'].includes(program), `"${program}" is checked by nobody`)
  }
})

/** What the command that these words begin with prints for `--help`, with the flags that every command has. */
function helpOf(words: readonly string[]): string {
  const program = makeProgram('0')
  let command = program.commands.find((one) => one.name() === words[0]) ?? assert.fail(`there is no command "${words.join(' ')}"`)
  for (const word of words.slice(1)) command = command.commands.find((one) => one.name() === word) ?? command
  return program.helpInformation() + command.helpInformation()
}

function isRun({ language, note }: Block): boolean {
  return (language === 'console' || language === 'sh') && note?.key !== 'flags only'
}

/** What stands in a page for things that are different wherever it is read: replaced before its commands are run. */
interface OwnTarget {
  readonly stands: readonly (readonly [string, string])[]
  close(): Promise<void>
}

function noTarget(): OwnTarget {
  return { stands: [], close: () => Promise.resolve() }
}

/** A PostgreSQL with the shop, an issuer, a certificate and free ports, in place of the page's. */
async function ownTarget(folder: string): Promise<OwnTarget> {
  const [server, issuer]: [PostgresServer, Issuer] = await Promise.all([startPostgres({ tls: 'required' }), startIssuer()])
  const shop = await createShop(server)
  const { certFile, keyFile } = makeCertificate(folder, 'gateway')
  const files = {
    'db-password': shop.password, 'db-ca.crt': server.certificate?.cert ?? '', 'identity-token': await issuer.agentToken('support-bot'),
    'gateway.crt': readFileSync(certFile, 'utf8'), 'gateway.key': readFileSync(keyFile, 'utf8'),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  return {
    stands: [
      ['https://login.example.com', issuer.url], ['db.internal', server.host], ['port: 5432', `port: ${server.port}`],
      ['database: shop', `database: ${shop.database}`], ['user: sallyport', `user: ${shop.user}`],
      ['7400', String(await freePort())], ['15432', String(await freePort())],
    ],
    async close() {
      await issuer.close()
      await server.stop()
    },
  }
}

/** Runs the commands of one page, one after the other, in one folder. */
class Shell {
  readonly #folder: string
  readonly #demo: DemoUnderTest
  readonly #target: OwnTarget
  #environment: NodeJS.ProcessEnv
  readonly #background: ChildProcess[] = []
  readonly #tickets = new Tickets()
  readonly #waiting: (() => Promise<void>)[] = []

  /** @param first folders of programs that come before all others */
  constructor(folder: string, first: readonly string[], demo: DemoUnderTest, target: OwnTarget) {
    this.#folder = folder
    this.#demo = demo
    this.#target = target
    // The project's own node first, and Debian's python before any other.
    const path = [...first, join(ROOT, 'node_modules', '.bin'), '/usr/bin', process.env['PATH'] ?? ''].join(delimiter)
    this.#environment = { ...demo.environment, PATH: path, XDG_CONFIG_HOME: join(folder, '.config'), PGJDBC: NEEDS['pgjdbc'], NO_COLOR: '1', TERM: 'dumb' }
  }

  save(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), this.#stood(text))
  }

  async run(where: string, text: string, expected: readonly string[]): Promise<void> {
    // It runs already, with --json, which prints the same progress.
    if (text === 'npm run demo') return this.#check(where, text, expected, this.#demo.output())
    const command = this.#stood(text)
    if (command.includes('sallyport serve')) return void await this.#start(where, command, expected)
    const exported = command.split('\n').some((line) => line.startsWith('export '))
    // Through one pipe: what is said by two would come in any order.
    const script = exported ? `set -e\n${command}\nprintf '\\0'; env -0` : `exec 2>&1\n${command}`
    const { status, text: words } = await output(['bash', '-o', 'pipefail', '-c', script], this.#folder, this.#environment)
    if (exported) this.#environment = Object.fromEntries(words.split('\0').slice(1, -1).map((pair) => pair.split(/=(.*)/s, 2)))
    this.#checkEnd(where, command, expected, status, words)
  }

  /** Starts what waits for somebody, and goes on once its first line is there. */
  async begin(where: string, text: string, expected: readonly string[]): Promise<void> {
    const command = this.#stood(text)
    const { ended, words } = await this.#start(where, command, expected.slice(0, 1))
    this.#waiting.push(async () => this.#checkEnd(where, command, expected, await ended, words()))
  }

  /** What waits has been answered, and ends. */
  async finish(): Promise<void> {
    for (const end of this.#waiting.splice(0)) await end()
  }

  async close(): Promise<void> {
    for (const child of this.#background) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      process.kill(-(child.pid ?? assert.fail('no process')), 'SIGTERM')
      await ended
    }
    await this.#target.close()
  }

  /** Goes on as soon as it has printed `expected`, as a reader does in another terminal. */
  async #start(where: string, command: string, expected: readonly string[]): Promise<{ ended: Promise<number | null>; words: () => string }> {
    const child = spawn('bash', ['-c', command], { cwd: this.#folder, env: this.#environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#background.push(child)
    const ended = once(child, 'close').then(() => child.exitCode)
    let words = ''
    const shown = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (more: string) => {
          words += more
          this.#tickets.read(expected, words)
          if (missingLine(expected.map((line) => this.#stood(line)), words) === undefined) resolve()
        })
      }
    })
    await Promise.race([shown, ended, late()])
    this.#check(where, command, expected, words)
    return { ended: Promise.race([ended, late()]).then((status) => status ?? null), words: () => words }
  }

  #checkEnd(where: string, command: string, expected: readonly string[], status: number | null, words: string): void {
    // What shows no error is to succeed.
    if (!expected.some((line) => /ERROR|BAD|typo/.test(line))) assert.equal(status, 0, `${where}: ${command}\n${words}`)
    this.#check(where, command, expected, words)
  }

  #check(where: string, command: string, expected: readonly string[], words: string): void {
    this.#tickets.read(expected, words)
    const missing = missingLine(expected.map((line) => this.#stood(line)), words)
    assert.equal(missing, undefined, `${where}: ${command}\ndoes not print: ${missing}\nbut:\n${words}`)
  }

  #stood(text: string): string {
    return this.#target.stands.reduce((done, [standing, real]) => done.replaceAll(standing, real), this.#tickets.put(text))
  }
}

function late(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), COMMAND_TIMEOUT_MS).unref())
}

/** Both streams of a program, in the order of arrival. */
async function output(command: readonly [string, ...string[]], cwd: string, env: NodeJS.ProcessEnv): Promise<{ status: number | null; text: string }> {
  const [program, ...args] = command
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: COMMAND_TIMEOUT_MS })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (more: string) => { text += more })
  await once(child, 'close')
  return { status: child.exitCode, text }
}
