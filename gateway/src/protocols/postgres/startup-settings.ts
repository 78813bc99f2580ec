import type { OperationFacts } from '../../governance/operation.ts'
import { analyseSetting } from '../../sql/analyse-setting.ts'
import { combineAnalyses } from '../../sql/statement-analyser.ts'
import { LoginRefused, type Startup } from './client-login.ts'
import type { Waiting } from './relay-state.ts'
import { readOptionSettings } from './wire/startup-packet.ts'

/** Settings that a client asks for while it connects, and what policy must say about them. */
export interface StartupSettings {
  /** To be sent to the target as startup parameters. */
  readonly settings: ReadonlyMap<string, string>
  /** Set when some setting is not harmless: policy must allow it like any statement. */
  readonly facts: OperationFacts | undefined
  /** The same as statements, for the record. */
  readonly text: string
  readonly waiting: Waiting
  /** Why, as the client says it. */
  readonly purpose: string | undefined
}

const NOT_SETTINGS = new Set(['user', 'database', 'options', 'replication'])

/**
 * Reads the settings from the startup packet, from parameters as well as from `options`.
 * @throws LoginRefused when `options` holds anything but settings
 */
export function readStartupSettings(startup: Startup): StartupSettings {
  const settings = new Map<string, string>()
  for (const [name, value] of readOptions(startup.parameters.get('options') ?? '')) settings.set(name, value)
  for (const [name, value] of startup.parameters) {
    if (name !== 'user' && name !== 'database' && name !== 'options' && !name.startsWith('_pq_.')) settings.set(name.toLowerCase(), value)
  }
  // Of the startup packet itself, whatever their letters: they would say who the gateway is on the target, and where.
  for (const name of settings.keys()) {
    if (NOT_SETTINGS.has(name) || name.startsWith('_pq_.')) throw new LoginRefused('0A000', `"${name}" is no setting that could be passed on`, 'Remove it from the startup parameters.')
  }
  const waiting = readWaiting(settings)
  const purpose = settings.get(PURPOSE_SETTING)
  settings.delete(PURPOSE_SETTING)
  const analyses = Array.from(settings, ([name, value]) => analyseSetting(name, value)).filter((analysis) => !analysis.facts.readOnly)
  const text = Array.from(settings, ([name, value]) => `SET ${name} = '${value.replaceAll("'", "''")}'`).join('; ')
  return { settings, facts: analyses.length === 0 ? undefined : combineAnalyses(analyses).facts, text, waiting, purpose }
}

/** Of the gateway's own: what a client says of how it waits for people. The target hears nothing of it. */
const WAITING_SETTING = 'sallyport.review'
/** The same for why it connects. */
const PURPOSE_SETTING = 'sallyport.purpose'
/** What is left of a client's own time to hear of its ticket. */
const MARGIN_MS = 1_000

function readWaiting(settings: Map<string, string>): Waiting {
  const wanted = settings.get(WAITING_SETTING) ?? 'hold'
  settings.delete(WAITING_SETTING)
  if (wanted !== 'hold' && wanted !== 'ticket') throw new LoginRefused('22023', `${WAITING_SETTING} is hold or ticket`, 'With ticket a statement that wants a review is refused at once with a ticket; with hold it waits.')
  const timeoutMs = readTimeout(settings.get('statement_timeout') ?? '0')
  if (wanted === 'ticket') return { maxHoldMs: 0 }
  return { maxHoldMs: timeoutMs === 0 ? Infinity : timeoutMs - Math.min(MARGIN_MS, timeoutMs / 5) }
}

/** Milliseconds of a PostgreSQL time setting; 0 for none, and for what the target will refuse. */
function readTimeout(value: string): number {
  const [, digits = '0', unit = 'ms'] = /^\s*(\d{1,12})\s*(us|ms|s|min|h|d)?\s*$/.exec(value) ?? []
  return Number(digits) * (UNITS_MS[unit] ?? 1)
}

const UNITS_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1_000, min: 60_000, h: 3_600_000, d: 86_400_000 }

function readOptions(options: string): readonly [string, string][] {
  const settings = readOptionSettings(options)
  if (settings === undefined) throw new LoginRefused('0A000', 'only settings (-c name=value) may stand in the startup parameter "options"', 'Remove the rest.')
  return settings
}
