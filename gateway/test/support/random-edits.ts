import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Numbers that are the same for the same seed: a failure can be looked at again. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Change = (content: Buffer, random: (below: number) => number) => Buffer

const CHANGES: Readonly<Record<string, Change>> = {
  'one bit': (content, random) => {
    const changed = Buffer.from(content)
    const at = random(content.length)
    changed.writeUInt8(content.readUInt8(at) ^ (1 << random(8)), at)
    return changed
  },
  'bytes removed': (content, random) => {
    const at = random(content.length)
    return Buffer.concat([content.subarray(0, at), content.subarray(at + 1 + random(100))])
  },
  'bytes put in': (content, random) => {
    const at = random(content.length)
    return Buffer.concat([content.subarray(0, at), Buffer.alloc(1 + random(100), random(256)), content.subarray(at)])
  },
  'two stretches swapped': (content, random) => {
    const length = 1 + random(Math.min(100, Math.floor(content.length / 2)))
    const a = random(Math.floor(content.length / 2) - length + 1)
    const b = a + length + random(content.length - a - 2 * length + 1)
    return Buffer.concat([content.subarray(0, a), content.subarray(b, b + length), content.subarray(a + length, b), content.subarray(a, a + length), content.subarray(b + length)])
  },
  'zeros': (content, random) => {
    const changed = Buffer.from(content)
    const at = random(content.length)
    return changed.fill(0, at, Math.min(content.length, at + 1 + random(500)))
  },
  'cut off': (content, random) => content.subarray(0, random(content.length)),
}

export interface EditedFolder {
  /** As it was written. */
  readonly original: string
  /** The same at an earlier time. */
  readonly older: string
  /** A copy of the original; put right again after each edit. */
  readonly work: string
  /** Files that are evidence, relative to the folder. */
  readonly files: readonly string[]
}

/** Makes `count` random edits, one at a time, of what is in a folder. */
export async function eachRandomEdit({ original, older, work, files }: EditedFolder, count: number, seed: number, check: (file: string, what: string) => Promise<void>): Promise<void> {
  const random = seededRandom(seed)
  const names = Object.keys(CHANGES)
  for (let made = 0; made < count;) {
    const file = files[random(files.length)] ?? ''
    const kind = random(names.length + 3)
    const content = readFileSync(join(original, file))
    const other = files[random(files.length)] ?? ''
    const edit = editOf(kind)
    const changed = edit.changed
    if (changed?.equals(content) === true) continue
    if (changed === undefined) rmSync(join(work, file))
    else writeFileSync(join(work, file), changed)
    await check(file, `edit ${made} of seed ${seed}: ${edit.name} of ${file}`)
    cpSync(join(original, file), join(work, file))
    made++

    function editOf(number: number): { name: string; changed: Buffer | undefined } {
      const name = names[number]
      if (name !== undefined) return { name, changed: CHANGES[name]?.(content, random) }
      if (number === names.length) return { name: 'removal', changed: undefined }
      if (number === names.length + 1) return { name: `replacement by ${other}`, changed: readFileSync(join(original, other)) }
      return { name: 'replay of an older state', changed: existsSync(join(older, file)) ? readFileSync(join(older, file)) : content }
    }
  }
}
