import { z } from 'zod'

/** A node of the Merkle tree, base64 of 32 bytes. */
const NodeHash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/)

/** RFC 6962 §2.1.1: that an entry is in the tree of `size` entries. From the leaf's sibling up. */
export const InclusionProof = z.object({ index: z.int(), size: z.int(), hashes: z.array(NodeHash) })
export type InclusionProof = z.infer<typeof InclusionProof>

/** RFC 6962 §2.1.2: that the tree of `first` entries is the beginning of that of `second` entries. */
export const ConsistencyProof = z.object({ first: z.int(), second: z.int(), hashes: z.array(NodeHash) })
export type ConsistencyProof = z.infer<typeof ConsistencyProof>
