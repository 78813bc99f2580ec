import { isatty } from 'node:tty'
import picocolors from 'picocolors'

// Not by picocolors' own guess, which colours what a CI job pipes into a program.
export const colours = picocolors.createColors(isatty(1) && process.env['NO_COLOR'] === undefined)

export function colourOf(effect: 'allow' | 'deny' | 'review'): (text: string) => string {
  if (effect === 'allow') return colours.green
  return effect === 'deny' ? colours.red : colours.yellow
}
