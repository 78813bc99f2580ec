import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder with things to lose, in which commands are run by a real shell. */
export interface ShellSandbox {
  readonly folder: string
  /** Names, modes, sizes, digests and links of all that is in it, but for git's own files. */
  snapshot(): string
  /** @param shell the program that runs it, with `-c` */
  run(shell: 'bash' | 'sh', command: string): void
  /** A program for sshd's ForceCommand, that runs in the folder what a client asks for. */
  installShell(file: string): void
  /** All as it was. */
  reset(): void
  remove(): void
}

const FILES = ['victim', 'other', 'big', 'evil', 'bin/ls', 'script.txt', 'words.sed', 'tree/a', 'tree/b', 'archive.tar']
/** Seconds. A copy would round the time of a file. */
const LONG_AGO = 1_700_000_000
const NAMESPACES = ['--user', '--map-root-user', '--uts']
/** Runs a command without rights over the machine, whose network some would take down; as it is where no namespaces can be made. */
const CONFINED = spawnSync('unshare', [...NAMESPACES, 'true']).status === 0 ? ['unshare', ...NAMESPACES] : ['env']
const COPY = { recursive: true, preserveTimestamps: true } as const

export function makeShellSandbox(): ShellSandbox {
  const parent = mkdtempSync(join(tmpdir(), 'sallyport-shell-'))
  const folder = join(parent, 'folder')
  const origin = join(parent, 'origin')
  mkdirSync(folder)
  const write = (name: string, text: string, mode = 0o644) => {
    writeFileSync(join(folder, name), text)
    chmodSync(join(folder, name), mode)
  }
  for (const name of ['tree', 'tree/empty', 'bin']) mkdirSync(join(folder, name))
  const evil = '#!/bin/sh\n/bin/rm -f victim\n'
  write('victim', 'first\n')
  write('other', 'other\n')
  write('big', 'x'.repeat(20_000))
  write('evil', evil, 0o755)
  write('bin/ls', evil, 0o755)
  write('script.txt', 'rm victim\n')
  write('words.sed', 'w victim\n')
  write('tree/a', 'a\n')
  write('tree/b', 'b\n')
  const inside = (program: string, args: readonly string[]) => execFileSync(program, args, { cwd: folder, stdio: 'ignore', env: environment(folder) })
  inside('tar', ['-cf', 'archive.tar', 'other'])
  const commit = (message: string) => inside('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '-q', '-a', '-m', message])
  inside('git', ['init', '-q'])
  inside('git', ['add', 'victim', 'other'])
  commit('first')
  write('victim', 'precious\n')
  commit('second')
  cpSync(folder, origin, COPY)
  const reset = () => {
    rmSync(folder, { recursive: true, force: true })
    cpSync(origin, folder, COPY)
    for (const name of FILES) utimesSync(join(folder, name), LONG_AGO, LONG_AGO)
  }
  reset()
  return {
    folder,
    snapshot: () => describe(folder).join('\n'),
    run: (shell, command) => {
      spawnSync('env', [...CONFINED, shell, '-c', command], { cwd: folder, stdio: 'ignore', env: environment(folder), timeout: 10_000, killSignal: 'SIGKILL' })
    },
    installShell: (file) => {
      writeFileSync(file, `#!/bin/bash\nexport HOME=${folder} GIT_CONFIG_NOSYSTEM=1\ncd ${folder} && exec ${CONFINED.join(' ')} bash -c "$SSH_ORIGINAL_COMMAND"\n`)
      chmodSync(file, 0o755)
    },
    reset,
    remove: () => rmSync(parent, { recursive: true, force: true }),
  }
}

function environment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', HOME: folder, LANG: 'C.UTF-8', GIT_AUTHOR_NAME: 'x', GIT_AUTHOR_EMAIL: 'x@example.com', GIT_COMMITTER_NAME: 'x', GIT_COMMITTER_EMAIL: 'x@example.com', GIT_CONFIG_NOSYSTEM: '1',
  }
}

function describe(folder: string, below = ''): string[] {
  return readdirSync(join(folder, below)).sort().flatMap((name) => {
    const path = join(below, name)
    if (path === '.git') return []
    const full = join(folder, path)
    const stats = lstatSync(full)
    const head = `${path} ${stats.mode.toString(8)}`
    if (stats.isDirectory()) return [head, ...describe(folder, path)]
    if (stats.isSymbolicLink()) return [`${head} -> ${readlinkSync(full)}`]
    if (!stats.isFile()) return [head]
    return [`${head} ${stats.mtimeMs} ${createHash('sha256').update(readFileSync(full)).digest('hex')}`]
  })
}
