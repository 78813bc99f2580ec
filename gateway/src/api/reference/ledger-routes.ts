import { json, type RouteGroup, text } from './described-route.ts'
import { at, NODE_HASH } from './examples.ts'

const ANYBODY = 'anybody'

export const ledgerGroup: RouteGroup = {
  name: 'Ledger', about: 'The record of everything, as C2SP tlog-tiles serves it, and proofs of what is in it.',
  routes: [
    { method: 'get', path: '/ledger/checkpoint', id: 'checkpoint', summary: 'The latest checkpoint, a C2SP signed note', who: ANYBODY, open: true, answer: text('text/plain', 'sallyport.local/ledger\n812\nqINS1GRFa…=\n\n— sallyport.local/ledger …\n') },
    { method: 'get', path: '/ledger/verifier.pub', id: 'verifierKey', summary: 'The key that checkpoints are signed with, as a C2SP verifier key', who: ANYBODY, open: true, answer: text('text/plain', 'sallyport.local/ledger+0f1e2d3c+AQ…') },
    { method: 'get', path: '/ledger/tile/{path}', id: 'tile', summary: 'Hashes of the Merkle tree (LEVEL/INDEX), or entries (entries/INDEX)', who: 'anybody; entries: auditor, operator, administrator', answer: { kind: 'bytes', type: 'application/octet-stream' } },
    { method: 'get', path: '/ledger/proof/inclusion', id: 'inclusionProof', summary: 'That an entry is in the tree', who: ANYBODY, open: true, parameters: { index: 'of the entry', size: 'entries of the tree; those of the latest checkpoint when left out' }, answer: json('InclusionProof', { index: 5, size: 812, hashes: [NODE_HASH] }) },
    { method: 'get', path: '/ledger/proof/consistency', id: 'consistencyProof', summary: 'That a tree is the beginning of a later one', who: ANYBODY, open: true, parameters: { first: 'entries of the earlier tree', second: 'of the later; those of the latest checkpoint when left out' }, answer: json('ConsistencyProof', { first: 5, second: 812, hashes: [NODE_HASH] }) },
    { method: 'get', path: '/ledger/bundle/{session}', id: 'sessionBundle', summary: 'Events and recording of a session with their proof; on record first', who: 'auditor, administrator', parameters: { key: '"none": the recording stays sealed' }, answer: { kind: 'bytes', type: 'application/x-tar' } },
    { method: 'get', path: '/api/v1/ledger/status', id: 'ledgerStatus', summary: 'Whether it can be written, what was proved of it, and how its anchors are', who: 'auditor, operator, administrator', answer: json('LedgerStatus', { healthy: true, size: 812, check: { state: 'proved', size: 812, at, finding: null }, anchors: [] }) },
  ],
}
