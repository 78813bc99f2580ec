/**
 * Parses the JSON object in a token's part. RFC 7519 §4 lets a reader either refuse repeated names or take the last;
 * readers that differ can be played against each other, so repeated names are refused, and so is `__proto__`.
 *
 * @throws SyntaxError without any of the text in it
 */
export function parseStrictObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new SyntaxError('not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object')
  refuseRepeatedNames(text)
  return value as Record<string, unknown>
}

const MAX_DEPTH = 32

/** Walks text that JSON.parse has accepted, so that only strings and brackets need to be told apart. */
function refuseRepeatedNames(text: string): void {
  /** Names seen in each open object; `undefined` for an array. */
  const open: (Set<string> | undefined)[] = []
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g)) {
    const [lexeme, colon] = token
    if (lexeme === '{') open.push(new Set())
    else if (lexeme === '[') open.push(undefined)
    else if (lexeme === '}' || lexeme === ']') open.pop()
    else if (colon !== undefined) {
      const name = JSON.parse(lexeme.slice(0, -colon.length)) as string
      const names = open.at(-1)
      if (names === undefined || names.has(name)) throw new SyntaxError('a name is given twice')
      if (name === '__proto__') throw new SyntaxError('a name is reserved')
      names.add(name)
    }
    if (open.length > MAX_DEPTH) throw new SyntaxError('nested too deeply')
  }
}
