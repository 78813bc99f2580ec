import type { ReviewPreview } from '@sallyport/contract'
import { columnsOf } from '../../terminal/boxed-text.ts'
import { shorten } from '../../terminal/plain-text.ts'
import { plainTable } from '../../terminal/table.ts'

const MOST_COLUMNS = 8
const MOST_CHARACTERS = 32

/** Rows before and after, one above the other; of wide rows the first columns and those that change, as far as there is room. */
export function sampleTable(sample: ReviewPreview['sample'], columns: number): string {
  const all = [...new Set(sample.flatMap(({ before, after }) => [...Object.keys(before ?? {}), ...Object.keys(after ?? {})]))]
  const changed = all.filter((name) => sample.some(({ before, after }) => before !== null && after !== null && before[name] !== after[name]))
  const byInterest = [...new Set([...all.slice(0, 1), ...changed, ...all])]
  for (let most = MOST_COLUMNS; ; most -= 1) {
    const chosen = new Set(byInterest.slice(0, most))
    const names = all.filter((name) => chosen.has(name))
    const rows = sample.flatMap(({ before, after }) => [...(before === null ? [] : [rowOf('-', before, names)]), ...(after === null ? [] : [rowOf('+', after, names)])])
    const table = indented(plainTable(['', ...names.map((name) => shorten(name, MOST_CHARACTERS))], rows))
    // Wrapped by the terminal, a value could pass for a line of the card.
    if (most > 1 && table.split('\n').some((line) => columnsOf(line.trimEnd()) > columns)) continue
    return table + (all.length === names.length ? '' : `\n  … and ${all.length - names.length} more columns: see --json`)
  }
}

export function tableChanges(tables: ReviewPreview['tables'], columns: number): string {
  const room = Math.max(20, Math.min(100, Math.floor((columns - 40) / 2)))
  return indented(plainTable(['TABLE', 'INSERTED', 'UPDATED', 'DELETED'], tables.map(({ table, inserted, updated, deleted }) => [shorten(table, room), inserted, updated, deleted])))
}

function indented(table: string): string {
  return table.split('\n').map((line) => `  ${line}`).join('\n')
}

function rowOf(sign: string, values: Readonly<Record<string, string | null>>, names: readonly string[]): string[] {
  return [sign, ...names.map((name) => {
    const value = values[name]
    return value === undefined ? '' : value === null ? '(null)' : shorten(value, MOST_CHARACTERS)
  })]
}
