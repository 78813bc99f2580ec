/**
 * What of a recorded terminal's output may be played on another: text, and control sequences that draw (colours, cursor,
 * erasing, scrolling). Everything that asks the terminal to do or to answer something is left out: titles, clipboard,
 * hyperlinks, files, device reports, key definitions, alternative character sets by name (ECMA-48; xterm's control sequences).
 * State is kept between calls, so a sequence may be split anywhere.
 */
export class TerminalFilter {
  #state: State = 'text'
  #sequence = ''

  /** @returns the part of the output that may be written */
  write(text: string): string {
    let kept = ''
    for (const char of text) kept += this.#next(char)
    return kept
  }

  #next(char: string): string {
    const code = char.codePointAt(0) ?? 0
    // CAN and SUB break off whatever sequence is under way.
    if (code === 0x18 || code === 0x1a) return this.#to('text')
    switch (this.#state) {
      case 'text':
        return this.#text(char, code)
      case 'escape':
        return this.#escape(char, code)
      case 'csi':
        return this.#csi(char, code)
      case 'charset':
        return this.#to('text')
      case 'string':
        if (code === 0x1b) this.#state = 'string-escape'
        // BEL ends an OSC in xterm and those after it; in any other string it is left out with the rest.
        else if (code === 0x07 || code === 0x9c) this.#state = 'text'
        return ''
      case 'string-escape':
        // ST is ESC \; any other escape ends the string too, and begins anew.
        if (char === '\\') return this.#to('text')
        this.#state = 'escape'
        return this.#escape(char, code)
    }
  }

  #text(char: string, code: number): string {
    if (code === 0x1b) return this.#to('escape')
    if (code === 0x9b) return this.#to('csi')
    if (code === 0x90 || code === 0x98 || code === 0x9d || code === 0x9e || code === 0x9f) return this.#to('string')
    if (code >= 0x80 && code < 0xa0) return ''
    if (code < 0x20) return DRAWING_CONTROLS.includes(char) ? char : ''
    return code === 0x7f ? '' : char
  }

  #escape(char: string, code: number): string {
    if (code === 0x1b) return ''
    if (char === '[') return this.#to('csi')
    if ('P]X^_'.includes(char)) return this.#to('string')
    if (code >= 0x20 && code <= 0x2f) return this.#to('charset')
    this.#to('text')
    return DRAWING_ESCAPES.includes(char) ? `\u001b${char}` : ''
  }

  #csi(char: string, code: number): string {
    if (code === 0x1b) return this.#to('escape')
    if (code >= 0x20 && code <= 0x3f) {
      this.#sequence += char
      // Longer is none that draws.
      return this.#sequence.length > MAX_SEQUENCE ? this.#to('text') : ''
    }
    const sequence = this.#sequence
    this.#to('text')
    if (code < 0x40 || code > 0x7e) return ''
    return mayDraw(sequence, char) ? `\u001b[${sequence}${char}` : ''
  }

  #to(state: State): '' {
    this.#state = state
    this.#sequence = ''
    return ''
  }
}

type State = 'text' | 'escape' | 'csi' | 'string' | 'string-escape' | 'charset'

const MAX_SEQUENCE = 64
/** BEL would only annoy; SO and SI swap the character set. */
const DRAWING_CONTROLS = '\b\t\n\v\f\r'
/** DECSC, DECRC, IND, NEL, HTS, RI. */
const DRAWING_ESCAPES = '78DEHM'
/** Cursor, erasing, inserting, deleting, scrolling, tabs, colours, margins, save and restore. */
const DRAWING_FINALS = 'ABCDEFGHIJKLMPSTXZ@`abdefgmrsu'
/** DECAWM, cursor visibility and blinking, alternate screen. */
const DRAWING_MODES = new Set(['7', '12', '25', '47', '1047', '1048', '1049', '2026'])

function mayDraw(parameters: string, final: string): boolean {
  if (final === 'h' || final === 'l') {
    return parameters.startsWith('?') ? parameters.slice(1).split(';').every((mode) => DRAWING_MODES.has(mode)) : parameters === '4' || parameters === '20'
  }
  return /^[\d;:]*$/.test(parameters) && DRAWING_FINALS.includes(final)
}
