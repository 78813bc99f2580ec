/** What openssl only shows, and where it connects to. */
import type { Handler } from './call.ts'

interface Options {
  readonly flags: ReadonlySet<string>
  readonly valued: ReadonlySet<string>
}

const options = (flags: string, valued: string): Options => ({ flags: new Set(flags.split(' ')), valued: new Set(valued.split(' ')) })

/** Not those that write files, or load what runs. */
const VERBS: ReadonlyMap<string, Options> = new Map([
  ['version', options('a b d e f m o p r v c help', '')],
  ['x509', options('noout text subject issuer dates startdate enddate serial fingerprint sha1 sha256 sha512 md5 purpose pubkey email hash subject_hash issuer_hash modulus ocsp_uri ocspid alias help', 'in inform checkend checkhost checkip nameopt certopt ext dateopt')],
  ['s_client', options('showcerts brief tls1_2 tls1_3 verify_return_error status 4 6 no_ssl3 quiet ign_eof', 'connect servername starttls alpn CAfile CApath verify_hostname verify')],
])

export const openssl: Handler = ({ args, findings }) => {
  const [verb, ...words] = args
  const known = VERBS.get(verb?.value ?? '')
  if (known === undefined) {
    findings.execute('openssl with these words is not known here')
    return
  }
  // What it is sent goes to the other side.
  if (verb?.value === 's_client') for (const action of ['fetch', 'send']) findings.change(action)
  else findings.read()
  for (let at = 0; at < words.length; at++) {
    const word = words[at]?.value ?? ''
    const equals = word.indexOf('=')
    const [name, joined] = equals === -1 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)]
    const option = name.startsWith('--') ? name.slice(2) : name.slice(1)
    const valued = known.valued.has(option)
    if (!name.startsWith('-') || !(valued || (known.flags.has(option) && joined === undefined))) findings.execute(`openssl with ${words[at]?.name ?? ''} is not known here`)
    if (valued && joined === undefined) {
      at++
      const value = words[at]
      if (value?.kind === 'list' || value?.kind === 'pattern') findings.execute(`${value.name} may become several words, of which one may be an option of openssl: quote it`)
    }
    if (option === 'in' || option === 'CAfile') findings.read(joined === undefined ? words.slice(at, at + 1) : [joined])
    if (option === 'connect') findings.object(`host:${joined ?? words[at]?.name ?? ''}`)
  }
}
