/** True when a sed script certainly neither writes a file nor runs a program. Every command is read; what is not certain is false. */
export function isReadingSed(script: string): boolean {
  let at = 0
  let depth = 0
  const skip = (characters: string): void => {
    while (at < script.length && characters.includes(script[at] ?? '')) at++
  }
  const delimited = (): boolean => {
    const delimiter = script[at]
    if (delimiter === undefined || delimiter === '\n' || delimiter === '\\') return false
    return part(delimiter)
  }
  /** To after the closing delimiter. The opening one stands at `at`. */
  const part = (delimiter: string): boolean => {
    for (at++; at < script.length; at++) {
      const character = script[at]
      if (character === '\\') at++
      // How a bracket that holds the delimiter is read differs between versions.
      else if (character === '[' && delimiter !== '[') {
        const close = script.indexOf(']', at + 2)
        const inside = close < 0 ? undefined : script.slice(at, close)
        if (inside !== undefined && inside.includes(delimiter)) return false
      } else if (character === delimiter) {
        at++
        return true
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
        if (!part(delimiter)) return false
        skip('gpiI0123456789mM')
        break
      }
      case 'y': {
        const delimiter = script[at] ?? ''
        if (!delimited()) return false
        at--
        if (!part(delimiter)) return false
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
