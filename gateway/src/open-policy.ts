import { createHash } from 'node:crypto'
import type { Config } from './config/parse-config.ts'
import { openPolicyHolder, type PolicyHolder } from './governance/policy/policy-holder.ts'
import { readConfig } from './open-state.ts'
import type { Log } from './protocols/protocol-adapter.ts'
import type { Storage } from './storage/open-storage.ts'

/**
 * Puts the file's document in force where it is another than at this gateway's last start. Else the newest version stays
 * in force: somebody may have applied it since, perhaps in an emergency, and a restart must not take that back.
 * @param gateway tells this one from others that share its state
 * @throws when the newest version is to stay, and cannot be read by this gateway
 */
export async function openPolicy(config: Config, storage: Pick<Storage, 'policyVersions' | 'settings'>, gateway: string, log: Log): Promise<PolicyHolder> {
  const { policyVersions: versions, settings } = storage
  const options = {
    versions,
    read: (text: string) => {
      const { policy, policyText } = readConfig(text)
      return { document: policy, text: policyText }
    },
    onListenerError: (error: unknown) => log.error({ error }, 'a change of policy could not be carried out everywhere'),
  }
  const setting = `policy-file:${gateway}`
  const digest = createHash('sha256').update(config.policyText).digest('hex')
  const newest = await versions.newest()
  if (newest === undefined || newest.text === config.policyText || digest !== (await settings.get(setting))) {
    const holder = await openPolicyHolder(options, { text: config.policyText, appliedBy: 'file' })
    await settings.put(setting, digest)
    return holder
  }
  const { version, appliedBy } = newest
  log.warn({ version, appliedBy }, 'the file says what it said at the last start: the policy version that was applied since stays in force')
  try {
    return await openPolicyHolder(options, newest)
  } catch (cause) {
    throw new Error(`policy version ${version}, which ${appliedBy} applied, is in force and cannot be read by this gateway; change the file to put that in force instead`, { cause })
  }
}
