import { execFileSync } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atExit } from './at-exit.ts'
import { serverUser } from './embedded-binaries.ts'

/** PostgreSQL's own tests beside a server of exactly their version; copied to where the server's user can read them. */
export interface PostgresSuite {
  readonly version: string
  /** Folder with `bin`, for `startPostgres({ installation })`. */
  readonly installation: string
  /** `src/test` of the source. */
  readonly tests: string
  /** Modules that the tests load into the server. */
  readonly modules: string
  /** The test program of libpq's pipeline mode, and the folder with its libpq. */
  readonly libpqPipeline: string
  readonly libraries: string
  /** A folder for results that the server may write to. */
  outputFolder(name: string): string
  remove(): void
}

const MAJOR = '15'
const CACHE = join(import.meta.dirname, '../../../.cache/postgres-suite')
const PACKAGES = [
  `postgresql-${MAJOR}`,
  `postgresql-client-${MAJOR}`,
  `postgresql-server-dev-${MAJOR}`,
  'libpq5',
  'libpq-dev',
]
const SOURCES = ['src/test/regress', 'src/test/isolation', 'src/test/modules/libpq_pipeline', 'contrib/spi']

/** Why this machine cannot have the suite; nothing when it can. */
export function suiteObstacle(): string | undefined {
  if (existsSync(join(CACHE, 'ready'))) return undefined
  if (!existsSync('/usr/bin/apt-get')) return 'no apt-get on this machine'
  return existsSync('/usr/bin/gcc') ? undefined : 'no gcc on this machine'
}

/**
 * Fetches server, tests and sources of one version from Debian, unpacked in `.cache/` and not installed, and compiles the
 * few modules that tests load. The tests fail on a server of any other minor version, so nothing installed can be used.
 * @throws Error when Debian has no version with both
 */
export function preparePostgresSuite(): PostgresSuite {
  if (!existsSync(join(CACHE, 'ready'))) build()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-postgres-suite-'))
  const removal = atExit(() => rmSync(folder, { recursive: true, force: true }))
  for (const part of ['root', 'source', 'modules'])
    cpSync(join(CACHE, part), join(folder, part), { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', folder])
  const user = serverUser()
  return {
    version: readFileSync(join(CACHE, 'ready'), 'utf8'),
    installation: join(folder, `root/usr/lib/postgresql/${MAJOR}`),
    tests: join(folder, 'source/src/test'),
    modules: join(folder, 'modules'),
    libpqPipeline: join(folder, 'modules/libpq_pipeline'),
    libraries: join(
      folder,
      'root/usr/lib',
      readdirSync(join(folder, 'root/usr/lib')).find((name) => name.endsWith('-linux-gnu')) ?? '',
    ),
    outputFolder(name) {
      const output = join(folder, name)
      // The core tests' schedule makes a tablespace here.
      for (const path of [output, join(output, 'results'), join(output, 'testtablespace')]) {
        mkdirSync(path)
        if (user !== undefined) chownSync(path, user.uid, user.gid)
      }
      return output
    },
    remove() {
      removal.forget()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function build(): void {
  rmSync(CACHE, { recursive: true, force: true })
  mkdirSync(CACHE, { recursive: true })
  const apt = privateApt()
  const version = fetch(apt)
  for (const file of readdirSync(CACHE)) {
    if (file.endsWith('.deb')) execFileSync('dpkg', ['-x', join(CACHE, file), join(CACHE, 'root')])
  }
  const tarball = readdirSync(CACHE).find((file) => file.includes('.orig.tar')) ?? ''
  execFileSync('tar', ['xf', tarball, '--wildcards', ...SOURCES.map((part) => `*/${part}`)], { cwd: CACHE })
  renameSync(
    join(CACHE, readdirSync(CACHE).find((name) => /^postgresql-\d+\.\d+$/.test(name)) ?? ''),
    join(CACHE, 'source'),
  )
  compile()
  for (const file of readdirSync(CACHE))
    if (/\.deb$|\.orig\.tar|^apt$/.test(file)) rmSync(join(CACHE, file), { recursive: true })
  // Last of all: what was interrupted is made again.
  writeFileSync(join(CACHE, 'ready'), version)
}

/** apt's options for lists and files of our own, with sources switched on; the machine's own settings stay as they are. */
function privateApt(): string[] {
  const parts = join(CACHE, 'apt/parts')
  for (const folder of [parts, join(CACHE, 'apt/lists/partial'), join(CACHE, 'apt/cache/archives/partial')])
    mkdirSync(folder, { recursive: true })
  const codename = /^VERSION_CODENAME=(\w+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  const isDebian = (suites: string): boolean =>
    suites.split(/\s+/).some((suite) => suite === codename || suite.startsWith(`${codename}-`))
  const listed = readdirSync('/etc/apt/sources.list.d').map(
    (file) => [file, readFileSync(join('/etc/apt/sources.list.d', file), 'utf8')] as const,
  )
  const stanzas = listed
    .filter(([file]) => file.endsWith('.sources'))
    .flatMap(([, content]) => content.split(/\n\s*\n/))
    .filter((stanza) => isDebian(/^Suites:\s*(.*)$/m.exec(stanza)?.[1] ?? ''))
    .map((stanza) => stanza.replace(/^Types:.*$/m, 'Types: deb deb-src'))
  const main = existsSync('/etc/apt/sources.list')
    ? [['sources.list', readFileSync('/etc/apt/sources.list', 'utf8')] as const]
    : []
  const lines = [...main, ...listed.filter(([file]) => file.endsWith('.list'))]
    .flatMap(([, content]) => content.split('\n'))
    .filter((line) => line.startsWith('deb ') && isDebian(line))
    .flatMap((line) => [line, line.replace(/^deb /, 'deb-src ')])
  writeFileSync(join(parts, 'debian.sources'), `${stanzas.join('\n\n')}\n`)
  writeFileSync(join(parts, 'debian.list'), `${lines.join('\n')}\n`)
  const options = [
    'Dir::Etc::sourcelist=/dev/null',
    `Dir::Etc::sourceparts=${parts}`,
    `Dir::State::lists=${join(CACHE, 'apt/lists')}`,
    `Dir::Cache=${join(CACHE, 'apt/cache')}`,
    'APT::Sandbox::User=root',
  ].flatMap((option) => ['-o', option])
  execFileSync('apt-get', [...options, '-qq', 'update'], { stdio: ['ignore', 'ignore', 'inherit'] })
  return options
}

/** Newest first: a mirror may name a version before it has its source. */
function fetch(apt: readonly string[]): string {
  const listed = execFileSync('apt-cache', [...apt, 'madison', `postgresql-${MAJOR}`], { encoding: 'utf8' })
  const versions = new Set(listed.split('\n').flatMap((line) => line.split('|')[1]?.trim() ?? []))
  const newest = [...versions].sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  const failures: unknown[] = []
  for (const version of newest) {
    try {
      const options = { cwd: CACHE, stdio: ['ignore', 'ignore', 'pipe'] as const }
      execFileSync(
        'apt-get',
        [...apt, '-qq', 'source', '--download-only', '--tar-only', `postgresql-${MAJOR}=${version}`],
        { ...options, stdio: [...options.stdio] },
      )
      execFileSync('apt-get', [...apt, '-qq', 'download', ...PACKAGES.map((name) => `${name}=${version}`)], {
        ...options,
        stdio: [...options.stdio],
      })
      return version
    } catch (error) {
      failures.push(error)
    }
  }
  throw new AggregateError(failures, `Debian has no postgresql-${MAJOR} with its source`)
}

function compile(): void {
  const include = join(CACHE, 'root/usr/include/postgresql')
  const flags = ['-O1', '-w', `-I${include}/${MAJOR}/server`, `-I${include}/internal`, `-I${include}`]
  const source = join(CACHE, 'source')
  const gcc = (...parameters: string[]): unknown =>
    execFileSync('gcc', [...flags, ...parameters], { cwd: join(CACHE, 'modules') })
  mkdirSync(join(CACHE, 'modules'))
  gcc('-fPIC', '-shared', '-o', 'regress.so', `${source}/src/test/regress/regress.c`)
  // The expected output holds refint's notices.
  for (const name of ['autoinc', 'refint'])
    gcc('-fPIC', '-shared', '-DREFINT_VERBOSE', '-o', `${name}.so`, `${source}/contrib/spi/${name}.c`)
  const system = join(CACHE, 'root/usr/lib')
  const shared = readdirSync(system).find((name) => name.endsWith('-linux-gnu')) ?? ''
  gcc(
    '-o',
    'libpq_pipeline',
    `${source}/src/test/modules/libpq_pipeline/libpq_pipeline.c`,
    `-L${system}/${shared}`,
    `-L${system}/postgresql/${MAJOR}/lib`,
    '-lpq',
    '-lpgcommon',
    '-lpgport',
  )
}
