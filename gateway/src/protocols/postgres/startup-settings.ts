import type { OperationFacts } from '../../governance/operation.ts'
import { analyseSetting } from '../../sql/analyse-setting.ts'
import { combineAnalyses } from '../../sql/statement-analyser.ts'
import { LoginRefused, type Startup } from './client-login.ts'
import { readOptionSettings } from './wire/startup-packet.ts'

/** Settings that a client asks for while it connects, and what policy must say about them. */
export interface StartupSettings {
  /** To be sent to the target as startup parameters. */
  readonly settings: ReadonlyMap<string, string>
  /** Set when some setting is not harmless: policy must allow it like any statement. */
  readonly facts: OperationFacts | undefined
  /** The same as statements, for the record. */
  readonly text: string
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
  const analyses = Array.from(settings, ([name, value]) => analyseSetting(name, value)).filter((analysis) => !analysis.facts.readOnly)
  const text = Array.from(settings, ([name, value]) => `SET ${name} = '${value.replaceAll("'", "''")}'`).join('; ')
  return { settings, facts: analyses.length === 0 ? undefined : combineAnalyses(analyses).facts, text }
}

function readOptions(options: string): readonly [string, string][] {
  const settings = readOptionSettings(options)
  if (settings === undefined) throw new LoginRefused('0A000', 'only settings (-c name=value) may stand in the startup parameter "options"', 'Remove the rest.')
  return settings
}
