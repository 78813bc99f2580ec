import { resolve } from 'node:path'
import type { LedgerStatus } from '@sallyport/contract'
import type { AnchorSettings } from './config/index.ts'
import { encodeAnchorFailed, encodeAnchorRecovered, encodeVerificationFailed } from './governance/recording/events.ts'
import { recordIfPossible } from './governance/recording/record-if-possible.ts'
import type { Anchor, AnchorStatus } from './ledger/anchors/anchor.ts'
import { Anchoring } from './ledger/anchors/anchoring.ts'
import { FileAnchor } from './ledger/anchors/file-anchor.ts'
import { WebhookAnchor } from './ledger/anchors/webhook-anchor.ts'
import type { LedgerLog } from './ledger/ledger-log.ts'
import { SelfCheck } from './ledger/self-check.ts'
import type { Log } from './protocols/protocol-adapter.ts'
import { WebhookClient } from './webhooks/webhook-client.ts'

/** How long a stop waits for anchors. */
const LAST_ATTEMPT_MS = 5_000

export interface LedgerWatchOptions {
  readonly ledger: LedgerLog
  readonly directory: string
  readonly verifierKey: string
  readonly anchors: readonly AnchorSettings[]
  /** Reads a secret's reference at the moment of use. */
  readonly secretOf: (reference: string) => Promise<string>
  readonly log: Log
}

export interface LedgerWatch {
  readonly status: LedgerStatus
  /** Ends the check. To be called before the ledger is closed. */
  stop(): Promise<void>
  /** Takes the last checkpoint to the anchors. To be called after the ledger is closed. */
  close(): Promise<void>
}

/** Puts together what keeps an eye on the ledger from outside: the check of its files, and the anchors. */
export function watchLedger(options: LedgerWatchOptions): LedgerWatch {
  const { ledger, directory, verifierKey, anchors, log } = options
  const check = new SelfCheck({
    directory, verifierKey,
    onFailed({ size, finding }) {
      log.error({ size, finding }, 'the ledger is not what was signed')
      recordIfPossible(ledger, encodeVerificationFailed(size, finding, Date.now()))
    },
    onError: (error) => log.warn({ error: String(error) }, 'the ledger could not be checked'),
  })
  const anchorings = anchors.map((settings) => new Anchoring({
    anchor: anchorOf(settings, options), everyMs: settings.everyMs, latest: () => ledger.lastCheckpoint,
    onUnreached: ({ anchor, error }) => log.error({ anchor, error }, 'an anchor cannot be reached: is its path or address right? It is tried again'),
    onFailed({ anchor, sinceMs, error }) {
      log.error({ anchor, error }, 'checkpoints do not reach an anchor')
      recordIfPossible(ledger, encodeAnchorFailed(anchor, sinceMs, error, Date.now()))
    },
    onRecovered({ anchor, sinceMs, size }) {
      log.info({ anchor, size }, 'checkpoints reach an anchor again')
      recordIfPossible(ledger, encodeAnchorRecovered(anchor, sinceMs, size, Date.now()))
    },
  }))
  return {
    get status() {
      const { state, size, atMs, finding } = check.status
      return {
        healthy: ledger.healthy, size: ledger.lastCheckpoint.size,
        check: { state, size, at: timestamp(atMs), finding: finding ?? null },
        anchors: anchorings.map((anchoring) => toStatus(anchoring.status)),
      }
    },
    stop: () => check.close(),
    async close() {
      await Promise.all(anchorings.map(async (anchoring) => {
        const problem = await anchoring.close(LAST_ATTEMPT_MS)
        if (problem !== undefined) log.error({ anchor: anchoring.status.anchor, error: problem }, 'the last checkpoint did not reach an anchor')
      }))
    },
  }
}

function anchorOf(settings: AnchorSettings, { secretOf }: LedgerWatchOptions): Anchor {
  if (settings.kind === 'file') return new FileAnchor(resolve(settings.path))
  const { url, secret } = settings
  return new WebhookAnchor({ url, secret: () => secretOf(secret) }, new WebhookClient())
}

function toStatus({ anchor, state, size, keptAtMs, failingSinceMs, error }: AnchorStatus): LedgerStatus['anchors'][number] {
  return { anchor, state, size: size ?? null, keptAt: timestamp(keptAtMs), failingSince: timestamp(failingSinceMs), error: error ?? null }
}

function timestamp(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
