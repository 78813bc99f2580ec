import { InvalidArgumentError } from 'commander'

const MINUTES = { '': 1, m: 1, h: 60, d: 24 * 60 } as const
const MOST = 366 * 24 * 60

/** `45`, `30m`, `2h`, `1h30m`, `1d`. @throws InvalidArgumentError */
export function minutesOf(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([dhm]|$)/gy)]
  const minutes = parts.reduce((sum, [, number, unit]) => sum + Number(number) * MINUTES[unit as keyof typeof MINUTES], 0)
  if (parts.map(([part]) => part).join('') !== text || minutes < 1 || minutes > MOST) {
    throw new InvalidArgumentError('It is a time in minutes, hours or days, such as 30m or 1h30m.')
  }
  return minutes
}
