import Table from 'cli-table3'

const PLAIN = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
const NO_LINES = Object.fromEntries([
  'top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid', 'mid',
  'mid-mid', 'right', 'right-mid', 'middle',
].map((line) => [line, '']))

/** Columns under their titles. Cells must be fit for a terminal already. */
export function plainTable(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({ head: [...titles], style: PLAIN, chars: NO_LINES })
  for (const row of rows) table.push([...row])
  return table.toString()
}
