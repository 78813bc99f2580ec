import { InvalidArgumentError } from 'commander'

/** A time as the gateway takes it: whole days. @throws InvalidArgumentError */
export function days(text: string): string {
  if (!/^[1-9][0-9]{0,3}d$/.test(text)) throw new InvalidArgumentError('It is a time in days, such as 30d.')
  return text
}

/** `azp=support-bot`, repeated. The value is all behind the first "=". @throws InvalidArgumentError */
export function claim(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It is a claim and its value, such as azp=support-bot.')
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`"${name}" is given twice.`)
  return { ...before, [name]: text.slice(at + 1) }
}

/** Names with commas between, or the option repeated. */
export function nameList(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim()).filter((name) => name !== '')
  if (names.length === 0) throw new InvalidArgumentError('Name at least one.')
  return [...new Set([...before, ...names])]
}

/** Number of a version of the policy. @throws InvalidArgumentError */
export function version(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is the number of a version.')
  return Number(text)
}
