import type { Script } from 'unbash'

/** Programs whose whole output is one plain word, or a number, whatever the options here. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  hostname: ['-s', '-f'], whoami: [], uname: ['-r', '-s', '-m', '-n'], arch: [], nproc: ['--all'], id: ['-u', '-g', '-un', '-gn'], lsb_release: ['-cs'],
}
const NUMBERS: ReadonlySet<string> = new Set(['nproc'])
/** What `wc` counts of its standard input. */
const COUNTS: ReadonlySet<string> = new Set(['-l', '-w', '-c', '-m'])

/** What a substitution is known to become: `$(date +%s)`, `$(nproc)`. A program that is not there, or fails, gives nothing. */
export function producedBy(script: Script): 'word' | 'word or nothing' | 'number' | undefined {
  const [statement] = script.commands
  if (script.commands.length !== 1 || statement === undefined) return undefined
  const last = statement.command.type === 'Pipeline' ? statement.command.commands.at(-1) : statement.command
  if (last?.type !== 'Command') return undefined
  const { name, suffix, prefix } = last
  if (name === undefined || name.parts !== undefined || prefix.length > 0) return undefined
  const words = suffix.map((word) => word.type === 'Word' && word.parts === undefined ? word.value : undefined)
  if (name.value === 'date') {
    const format = words.filter((word) => word !== '-u' && word !== '--utc')
    return format.length === 1 ? formatOf(format[0]) : undefined
  }
  // Of files that are named it gives the names as well.
  const given = suffix.filter((word) => word.type !== 'Redirect' || word.operator !== '<')
  if (name.value === 'wc' && given.length === 1 && words.some((word) => COUNTS.has(word ?? ''))) return 'number'
  if (NUMBERS.has(name.value)) return 'number'
  const options = Object.hasOwn(WORDS, name.value) ? WORDS[name.value] : undefined
  return options !== undefined && words.length <= 1 && words.every((word) => word !== undefined && options.includes(word)) ? 'word or nothing' : undefined
}

const NUMERIC_FIELDS = 'sYmdHMSNjuyGV'
/** Not zones, which TZ names, nor halves of the day, which are nothing in many languages. */
const PLAIN_FIELDS = `${NUMERIC_FIELDS}FTRaAbBh`

/** Of a format of `date`: only fields and characters that make no blank and no pattern. */
function formatOf(format: string | undefined): 'word' | 'number' | undefined {
  if (format === undefined || !format.startsWith('+')) return undefined
  let numeric = true
  for (let at = 1; at < format.length; at++) {
    const character = format[at] ?? ''
    if (character === '%') {
      at++
      const field = format[at] ?? ' '
      if (!PLAIN_FIELDS.includes(field)) return undefined
      numeric &&= NUMERIC_FIELDS.includes(field)
    } else {
      if (!'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:T-'.includes(character)) return undefined
      numeric &&= character >= '0' && character <= '9'
    }
  }
  return numeric && format.length > 1 ? 'number' : 'word'
}
