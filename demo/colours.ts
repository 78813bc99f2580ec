import { isatty } from 'node:tty'
import picocolors from 'picocolors'

/** Not by picocolors' own guess, which colours what a CI job pipes into a program. */
export const colours = picocolors.createColors(isatty(1) && isatty(2) && process.env['NO_COLOR'] === undefined)
