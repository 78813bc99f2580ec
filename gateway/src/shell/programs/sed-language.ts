/** True when a sed script certainly neither writes a file nor runs a program. Every command is read; what is not certain is false. */
export function isReadingSed(script: string): boolean {
  let at = 0
  let depth = 0
  const skip = (characters: string): void => {
    while (at < script.length && characters.includes(script[at] ?? '')) at++
  }
  const delimited = (pattern = true): boolean => {
    const delimiter = script[at]
    if (delimiter === undefined || delimiter === '\n' || delimiter === '\\') return false
    return part(delimiter, pattern)
  }
  /** To after the closing delimiter. The opening one stands at `at`. @param pattern it is a regular expression */
  const part = (delimiter: string, pattern = true): boolean => {
    const start = at + 1
    for (at++; at < script.length && script[at] !== '\n'; at++) {
      if (script[at] === '\\') at++
      else if (script[at] === delimiter) {
        at++
        return !pattern || closesBrackets(script.slice(start, at - 1))
      }
    }
    return false
  }
  const address = (): boolean => {
    const character = script[at] ?? ''
    if (character === '/') {
      if (!part('/')) return false
      skip('IM')
    } else if (character === '\\') {
      at++
      if (!delimited()) return false
      skip('IM')
    } else if (character === '$') at++
    else skip('0123456789~+')
    return true
  }
  while (at < script.length) {
    skip(' \t\n;')
    if (at >= script.length) break
    if (!address()) return false
    skip(' \t')
    if (script[at] === ',') {
      at++
      skip(' \t')
      if (!address()) return false
    }
    skip(' \t!')
    const command = script[at] ?? ''
    at++
    switch (command) {
      case '{':
        depth++
        continue
      case '}':
        depth--
        break
      case 'p': case 'P': case 'd': case 'D': case 'n': case 'N': case 'h': case 'H': case 'g': case 'G': case 'x': case '=': case 'z':
        break
      case 'q': case 'Q': case 'l': case 'L':
        skip(' \t0123456789')
        break
      case 's': {
        const delimiter = script[at] ?? ''
        if (!delimited()) return false
        at--
        if (!part(delimiter, false)) return false
        skip('gpiI0123456789mM')
        break
      }
      case 'y': {
        const delimiter = script[at] ?? ''
        if (!delimited(false)) return false
        at--
        if (!part(delimiter, false)) return false
        break
      }
      default:
        // a, i, c, r, R, w, W, e, F, b, t, T, :, # and whatever is new: not needed to read, or not safe.
        return false
    }
    skip(' \t')
    if (at < script.length && !';\n}'.includes(script[at] ?? '')) return false
  }
  return depth === 0
}

/**
 * True when no bracket of a regular expression is open at its end, however it is read: in some versions a delimiter in a
 * bracket ends the expression, and in others not; a class may have brackets of its own, a backslash a meaning.
 */
function closesBrackets(pattern: string): boolean {
  return [true, false].every((classes) => [true, false].every((escapes) => closes(pattern, classes, escapes)))
}

function closes(pattern: string, classes: boolean, escapes: boolean): boolean {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++
    else if (pattern[at] === '[') {
      at = bracketEnd(pattern, at, classes, escapes)
      if (at >= pattern.length) return false
    }
  }
  return true
}

/** Of the `]`, which may also come first without that meaning; the length of the pattern when there is none. */
function bracketEnd(pattern: string, from: number, classes: boolean, escapes: boolean): number {
  let at = from + 1
  if (pattern[at] === '^') at++
  if (pattern[at] === ']') at++
  for (; at < pattern.length && pattern[at] !== ']'; at++) {
    const next = pattern[at + 1] ?? ''
    if (escapes && pattern[at] === '\\') at++
    else if (classes && pattern[at] === '[' && [':', '.', '='].includes(next)) {
      const end = pattern.indexOf(`${next}]`, at + 2)
      if (end < 0) return pattern.length
      at = end + 1
    }
  }
  return at
}
