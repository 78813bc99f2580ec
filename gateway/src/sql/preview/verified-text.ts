import { isDeepStrictEqual } from 'node:util'
import { deparseSync } from 'pgsql-deparser'
import { isFields } from '../node-types.ts'
import type { Fields } from '../node-types.ts'
import { parseSql } from '../parser.ts'

const MAX_TEXT = 1 << 20

/**
 * The text of a tree, whose parse is exactly that tree: whatever the writer gets wrong is found here, and gives no text.
 * As it is read with `standard_conforming_strings` on.
 */
export function verifiedText(tree: Fields): string | undefined {
  try {
    const text = deparseSync(tree, { pretty: false })
    if (text.length > MAX_TEXT || text.includes('\0')) return undefined
    const statements = parseSql(text)
    const isSame = statements.length === 1 && isDeepStrictEqual(withoutLocations(statements[0]), withoutLocations(tree))
    return isSame ? text : undefined
  } catch {
    // Neither what cannot be written nor what is nested too deeply is run.
    return undefined
  }
}

function withoutLocations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutLocations)
  if (!isFields(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key in value) if (!LOCATIONS.has(key) && value[key] !== undefined) copy[key] = withoutLocations(value[key])
  return copy
}

const LOCATIONS = new Set(['location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end', 'name_location'])
