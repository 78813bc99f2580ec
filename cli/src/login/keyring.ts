const SERVICE = 'sallyport'
/** The system may ask a person to unlock it. */
const TIMEOUT_MS = 30_000

/** The operating system's keyring: Keychain, Credential Manager, or a Secret Service. Errors say what is the matter, and no secret. */
export interface Keyring {
  get(account: string): Promise<string | undefined>
  set(account: string, secret: string): Promise<void>
  remove(account: string): Promise<void>
}

/** @throws Error when this machine has none, or the package for it is not installed */
export async function openKeyring(): Promise<Keyring> {
  // A native addon, for each platform another: it may be missing, and only who keeps a login there needs it.
  const { AsyncEntry } = await import('@napi-rs/keyring').catch(() => {
    throw new Error('the package for it is not installed')
  })
  // Not the kernel's keys, which it would take otherwise: they are gone after a restart.
  const entry = (account: string) => new AsyncEntry(SERVICE, account, { linux: { store: 'secret-service' } })
  return {
    get: async (account) => await inTime(() => entry(account).getPassword()) ?? undefined,
    set: (account, secret) => inTime(() => entry(account).setPassword(secret)),
    remove: async (account) => {
      await inTime(() => entry(account).deletePassword())
    },
  }
}

async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`it does not answer within ${TIMEOUT_MS / 1_000} seconds`))
      // The call itself cannot be ended, and would keep the process: what is left to say takes no longer than this.
      setTimeout(() => process.exit(), 10_000).unref()
    }, TIMEOUT_MS)
  })
  try {
    return await Promise.race([work(), late])
  } catch (error) {
    throw new Error(error instanceof Error ? error.message.split('\n')[0] ?? '' : 'it fails', { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
