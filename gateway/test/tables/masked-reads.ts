import type { MaskedRead } from './masked-read.ts'
import { readsByChange } from './masked-reads-by-change.ts'
import { readsByChannel } from './masked-reads-by-channel.ts'
import { readsByName } from './masked-reads-by-name.ts'
import { readsByOracle } from './masked-reads-by-oracle.ts'
import { readsByPath } from './masked-reads-by-path.ts'
import { readsByPlace } from './masked-reads-by-place.ts'

/** Attempts to read what is masked, by the classes of evasion they belong to. See `masked-fixtures.ts` for what they find. */
export const maskedReads: readonly MaskedRead[] = [
  ...readsByName, ...readsByPath, ...readsByChannel, ...readsByOracle, ...readsByPlace, ...readsByChange,
]
