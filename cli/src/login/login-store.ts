import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { z } from 'zod'
import { Failure } from '../failure.ts'
import { oneLine } from '../terminal/plain-text.ts'
import { KeptLogin, Secrets } from './kept-login.ts'
import { type Keyring, openKeyring } from './keyring.ts'
import { withLoginLock } from './login-lock.ts'
import { makePrivateFolder, readPrivateFile, writePrivateFile } from './private-file.ts'

/** A file for each gateway. Where the secrets are in the keyring, it only says so. */
const LoginFile = z.strictObject({ login: KeptLogin, secrets: z.union([z.literal('keyring'), Secrets]) })

export type Place = 'keyring' | 'file'

export interface StoredLogin {
  readonly login: KeptLogin
  readonly secrets: Secrets
  readonly place: Place
}

/** What became of the wish for a place. */
export interface Kept {
  readonly place: Place
  readonly file: string
  /** Why the keyring could not be had. */
  readonly noKeyring?: string
}

/** A file whose login cannot be used, and why. */
export interface BrokenLogin {
  readonly file: string
  readonly failure: Failure
}

const MAX_LOGINS = 1_000

/** $XDG_CONFIG_HOME/sallyport/logins; the XDG Base Directory Specification has a relative path ignored. */
export function loginDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment['XDG_CONFIG_HOME'] ?? ''
  return join(isAbsolute(given) ? given : join(homedir(), '.config'), 'sallyport', 'logins')
}

/** Keeps logins, one for each gateway, for one person on one machine. Errors are Failures. */
export class LoginStore {
  readonly #directory: string
  readonly #keyring: () => Promise<Keyring>

  constructor(directory: string = loginDirectory(), keyring: () => Promise<Keyring> = openKeyring) {
    this.#directory = directory
    this.#keyring = keyring
  }

  fileOf(gateway: string): string {
    return join(this.#directory, `${createHash('sha256').update(gateway).digest('hex').slice(0, 32)}.json`)
  }

  /** The login without its secrets; undefined when there is none. */
  async find(gateway: string): Promise<KeptLogin | undefined> {
    return (await this.#file(this.fileOf(gateway), gateway))?.login
  }

  /**
   * All logins without their secrets, the latest first, and what cannot be used.
   * @param whoeverCanRead also those that others could have read: to end them
   */
  async list(whoeverCanRead = false): Promise<{ readonly logins: readonly KeptLogin[]; readonly broken: readonly BrokenLogin[] }> {
    const names = await readdir(this.#directory).catch(() => [])
    const logins: KeptLogin[] = []
    const broken: BrokenLogin[] = []
    for (const name of names.filter((one) => one.endsWith('.json')).slice(0, MAX_LOGINS)) {
      const file = join(this.#directory, name)
      try {
        const found = await this.#file(file, undefined, whoeverCanRead)
        if (found !== undefined) logins.push(found.login)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        broken.push({ file, failure: error })
      }
    }
    return { logins: logins.toSorted((one, other) => other.loggedInAt.localeCompare(one.loggedInAt)), broken }
  }

  /** Removes a file that says not even for which gateway its login is. */
  async discard({ file }: BrokenLogin): Promise<void> {
    await rm(file, { force: true, recursive: true })
  }

  /** @param whoeverCanRead also a login that others could have read: to end it */
  async read(gateway: string, whoeverCanRead = false): Promise<StoredLogin | undefined> {
    const file = await this.#file(this.fileOf(gateway), gateway, whoeverCanRead)
    if (file === undefined) return undefined
    if (file.secrets !== 'keyring') return { login: file.login, secrets: file.secrets, place: 'file' }
    const text = await this.#ofKeyring((keyring) => keyring.get(gateway)).catch((error: unknown) => {
      throw new Failure(`the keyring with your login does not give it: ${reasonOf(error)}`,
        'Unlock it, or run "sallyport login --keep file".')
    })
    const secrets = Secrets.safeParse(parseJson(text ?? ''))
    if (!secrets.success) throw unreadable('the keyring')
    return { login: file.login, secrets: secrets.data, place: 'keyring' }
  }

  /** Puts a login in the place of the one before. Where the keyring cannot be had, it is kept in the file. */
  async write(login: KeptLogin, secrets: Secrets, wanted: Place): Promise<Kept> {
    const path = this.fileOf(login.gateway)
    const noKeyring = wanted === 'keyring' ? await this.#intoKeyring(login.gateway, secrets) : undefined
    const place = wanted === 'keyring' && noKeyring === undefined ? 'keyring' : 'file'
    await writePrivateFile(path, `${JSON.stringify({ login, secrets: place === 'keyring' ? 'keyring' : secrets })}\n`)
    return { place, file: path, ...(noKeyring === undefined ? {} : { noKeyring }) }
  }

  /** Removes a login, whatever state it is in. */
  async remove(gateway: string): Promise<void> {
    const path = this.fileOf(gateway)
    const inKeyring = await this.#file(path, gateway, true).then((file) => file?.secrets === 'keyring', () => true)
    await rm(path, { force: true, recursive: true })
    if (inKeyring) await this.#ofKeyring((keyring) => keyring.remove(gateway)).catch(() => undefined)
  }

  /** Runs `work` while no other command changes the login for that gateway. */
  async locked<T>(gateway: string, work: () => Promise<T>): Promise<T> {
    await makePrivateFolder(this.#directory)
    return withLoginLock(this.fileOf(gateway).replace(/json$/, 'lock'), work)
  }

  async #file(path: string, gateway?: string, whoeverCanRead = false): Promise<z.infer<typeof LoginFile> | undefined> {
    const text = await readPrivateFile(path, whoeverCanRead)
    if (text === undefined) return undefined
    const file = LoginFile.safeParse(parseJson(text))
    if (!file.success || this.fileOf(file.data.login.gateway) !== path) throw unreadable(path)
    if (gateway !== undefined && file.data.login.gateway !== gateway) throw unreadable(path)
    return file.data
  }

  /** @returns why not, or undefined when it is there */
  async #intoKeyring(gateway: string, secrets: Secrets): Promise<string | undefined> {
    // Some have room for 2,560 bytes only: then the token is asked for again each time.
    const { token: _, ...small } = secrets
    for (const some of secrets.refreshToken === undefined ? [secrets] : [secrets, small]) {
      const text = JSON.stringify(some)
      const trouble = await this.#ofKeyring(async (keyring) => {
        await keyring.set(gateway, text)
        return await keyring.get(gateway) === text ? undefined : 'it does not keep what it is given'
      }).catch(reasonOf)
      if (trouble === undefined) return undefined
      if (some === small || secrets.refreshToken === undefined) return trouble
    }
    return 'it fails'
  }

  async #ofKeyring<T>(work: (keyring: Keyring) => Promise<T>): Promise<T> {
    return work(await this.#keyring())
  }
}

function unreadable(where: string): Failure {
  return new Failure(`the login in ${oneLine(where)} cannot be read`, 'Run "sallyport login" to make a new one, or "sallyport logout" to remove it.')
}

function reasonOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : 'it fails').slice(0, 200)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
