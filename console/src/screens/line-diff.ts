/** A line of two texts put beside each other. */
export interface DiffLine {
  readonly kind: 'same' | 'added' | 'removed'
  readonly text: string
  /** Its number in the older and in the newer text, where it is there. */
  readonly before?: number
  readonly after?: number
}

/** More changed lines than this are shown as all removed and all added: the search takes the square of it. */
const MAX_EDITS = 1_000

/** The fewest lines that make one text of another (Myers, "An O(ND) Difference Algorithm and Its Variations"). */
export function diffLines(older: string, newer: string): readonly DiffLine[] {
  const a = older.split('\n')
  const b = newer.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1
  const kinds = [...Array<'same'>(start).fill('same'), ...edits(a.slice(start, a.length - end), b.slice(start, b.length - end)), ...Array<'same'>(end).fill('same')]
  let [before, after] = [0, 0]
  return kinds.map((kind): DiffLine => {
    if (kind === 'removed') return { kind, text: a[before++] ?? '', before }
    if (kind === 'added') return { kind, text: b[after++] ?? '', after }
    before += 1
    return { kind, text: b[after++] ?? '', before, after }
  })
}

function edits(a: readonly string[], b: readonly string[]): DiffLine['kind'][] {
  const most = Math.min(a.length + b.length, MAX_EDITS)
  // How far into `a` each diagonal reaches, for every number of edits so far.
  const steps: Map<number, number>[] = []
  let reach = new Map<number, number>([[1, 0]])
  for (let count = 0; count <= most; count += 1) {
    const next = new Map<number, number>()
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      let x = comesDown(reach, diagonal, count) ? reach.get(diagonal + 1) ?? 0 : (reach.get(diagonal - 1) ?? 0) + 1
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1
      next.set(diagonal, x)
      if (x >= a.length && x - diagonal >= b.length) return walkBack(steps, reach, a.length, b.length, count)
    }
    steps.push(reach)
    reach = next
  }
  return [...a.map(() => 'removed' as const), ...b.map(() => 'added' as const)]
}

function comesDown(reach: ReadonlyMap<number, number>, diagonal: number, count: number): boolean {
  return diagonal === -count || (diagonal !== count && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1))
}

function walkBack(steps: readonly ReadonlyMap<number, number>[], last: ReadonlyMap<number, number>, toX: number, toY: number, edited: number): DiffLine['kind'][] {
  const kinds: DiffLine['kind'][] = []
  let [x, y] = [toX, toY]
  for (let count = edited; count >= 0; count -= 1) {
    const reach = count === edited ? last : steps[count] ?? last
    const diagonal = x - y
    const down = comesDown(reach, diagonal, count)
    const from = count === 0 ? 0 : reach.get(diagonal + (down ? 1 : -1)) ?? 0
    const fromY = count === 0 ? 0 : from - (diagonal + (down ? 1 : -1))
    while (x > from && y > fromY) {
      kinds.push('same')
      x -= 1
      y -= 1
    }
    if (count > 0) kinds.push(down ? 'added' : 'removed')
    x = from
    y = fromY
  }
  return kinds.toReversed()
}

/** What is near a change, and how many lines were left out before each piece. */
export function nearChanges(lines: readonly DiffLine[], around = 3): readonly { readonly skipped: number; readonly lines: readonly DiffLine[] }[] {
  const shown = lines.map(() => false)
  for (const [index, { kind }] of lines.entries()) {
    if (kind !== 'same') shown.fill(true, Math.max(0, index - around), index + around + 1)
  }
  const pieces: { skipped: number; lines: DiffLine[] }[] = []
  let skipped = 0
  for (const [index, line] of lines.entries()) {
    if (shown[index] !== true) skipped += 1
    else if (index > 0 && shown[index - 1] === true) pieces.at(-1)?.lines.push(line)
    else {
      pieces.push({ skipped, lines: [line] })
      skipped = 0
    }
  }
  return pieces
}
