/** CSI, OSC and the other strings of ECMA-48, and two-character escapes; an unfinished one at the end too. */
// oxlint-disable-next-line no-control-regex
const ESCAPES = /\u001b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|[ -/]*[0-~]?)/g
/** Programs that draw on the whole screen switch to the alternate one, or address lines. */
// oxlint-disable-next-line no-control-regex
const FULL_SCREEN = /\u001b\[(?:\?(?:1049|1047|47)h|\d*;\d*[Hf])/

/** Marks that turn the direction of text: a terminal shows nothing for them and puts each character after the one before; a page would obey them. */
const TURNS = /\p{Bidi_Control}/gu

/** Output for a terminal that is drawn in a page, such that it reads in the order in which it came. */
export function withoutTurns(output: string): string {
  return output.replaceAll(TURNS, '')
}

export interface TerminalText {
  readonly text: string
  /** True when only a terminal can show what this was. */
  readonly fullScreen: boolean
}

/**
 * What a terminal would have left standing, line by line: colours and titles dropped, carriage returns and backspaces
 * carried out. Whatever moves about the screen is for the replay.
 */
export function terminalText(output: string): TerminalText {
  const lines = output.replaceAll(ESCAPES, '').split('\n').map((line) => (/[\r\b]/.test(line) ? overwritten(line) : line))
  return { text: lines.join('\n'), fullScreen: FULL_SCREEN.test(output) }
}

function overwritten(line: string): string {
  const cells: string[] = []
  let at = 0
  for (const char of line) {
    if (char === '\r') at = 0
    else if (char === '\b') at = Math.max(0, at - 1)
    else cells[at++] = char
  }
  return cells.join('')
}
