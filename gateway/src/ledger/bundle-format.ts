/**
 * A bundle is a tar archive with these members, in this order:
 *
 *     checkpoint          the signed tree head that proves it
 *     verifier.pub        the key, for comparing: whoever makes a false bundle can put a key of their own in it
 *     manifest            which entries of the log are the session's, all of them, signed by the log: {@link BundleManifest}
 *     proof.json          what leads from these entries to the root: {@link BundleProof}
 *     entries             the session's events, each behind its length, as in an entry bundle of tlog-tiles
 *     data.key            base64 of the key that opens the segments; missing when it was destroyed, or nothing recorded
 *     segments/00000001   the segments of its recording, sealed, as their digests in the log say
 */
export const BUNDLE = {
  checkpoint: 'checkpoint',
  verifier: 'verifier.pub',
  manifest: 'manifest',
  proof: 'proof.json',
  entries: 'entries',
  key: 'data.key',
  segment: (number: number) => `segments/${String(number).padStart(8, '0')}`,
} as const

/** Without it, whoever passes a bundle on could leave out an event and put its hash among those of others. */
export interface BundleManifest {
  readonly session: string
  /** Entries in the checkpoint's tree. */
  readonly size: number
  /** Numbers of the session's entries in the log, ascending. */
  readonly indices: readonly number[]
}

export interface BundleProof {
  /** Base64 of the entries' leaf hashes: tells which entry was changed. */
  readonly leaves: readonly string[]
  /** Base64 of the roots of the largest subtrees that hold none of them, from left to right. */
  readonly hashes: readonly string[]
}

/** Never the first line of a checkpoint, whose origin has no spaces: one signature cannot pass for the other. */
const HEADER = 'sallyport session bundle v1'

/** The manifest as the text of a signed note: header, session, size, and numbers as `3 5-9 12`. */
export function formatManifest({ session, size, indices }: BundleManifest): string {
  const runs: string[] = []
  for (let at = 0; at < indices.length;) {
    let end = at
    while (indices[end + 1] === (indices[end] ?? 0) + 1) end++
    runs.push(end === at ? `${indices[at]}` : `${indices[at]}-${indices[end]}`)
    at = end + 1
  }
  return `${HEADER}\n${session}\n${size}\n${runs.join(' ')}\n`
}

/** @returns undefined when it is none, or not spelled as {@link formatManifest} does */
export function parseManifest(text: string): BundleManifest | undefined {
  const [header, session = '', size = '', runs = ''] = text.split('\n')
  if (header !== HEADER || !/^\d{1,15}$/.test(size)) return undefined
  const indices: number[] = []
  for (const run of runs.split(' ')) {
    const [, from = '', to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(run) ?? []
    if (from === '' || Number(to) >= Number(size) || Number(from) <= (indices.at(-1) ?? -1)) return undefined
    for (let index = Number(from); index <= Number(to); index++) indices.push(index)
  }
  const manifest = { session, size: Number(size), indices }
  return formatManifest(manifest) === text ? manifest : undefined
}
