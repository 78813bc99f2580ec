import { chmod, mkdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { Failure } from '../failure.ts'

/** Where ssh itself looks: in the home that the system knows, whatever HOME says. */
export function personalConfig(): string {
  return join(userInfo().homedir, '.ssh', 'config')
}

/**
 * Puts a section at the beginning of a configuration of ssh, where it wins over what follows, in place of the section of the
 * same gateway. The rest of the file stays as it is.
 * @throws Failure
 */
export async function putSection(file: string, gateway: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    // A link to where somebody keeps their files stays one.
    const real = await realpath(file).catch(() => file)
    const mode = await stat(real).then((one) => one.mode & 0o777, () => 0o600)
    const before = await readFile(real, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
      throw error
    })
    const draft = `${real}.${randomBytes(6).toString('hex')}`
    await writeFile(draft, withSection(before, gateway, text), { mode: 0o600, flag: 'wx' })
    await chmod(draft, mode)
    await rename(draft, real)
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`, 'Name another file, and include it.')
  }
}

/** Pure; the marks name the gateway, so that several can be in one file. */
export function withSection(before: string, gateway: string, text: string): string {
  const [begin, end] = [`# >>> sallyport ${gateway}`, `# <<< sallyport ${gateway}`]
  const lines = before.split('\n')
  const from = lines.indexOf(begin)
  const to = lines.indexOf(end, from)
  const rest = from < 0 || to < 0 ? lines : [...lines.slice(0, from), ...lines.slice(to + 1)]
  return [begin, ...text.trimEnd().split('\n'), end, ...rest].join('\n')
}
