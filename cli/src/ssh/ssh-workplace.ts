import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApiClient } from '../api-client.ts'
import { writePrivateFile } from '../login/private-file.ts'
import { hostBlock } from './host-block.ts'
import { renewCertificate, sshFiles } from './ssh-files.ts'

/** What one run of a program needs to reach one target over SSH, in a folder of its own. */
export interface SshWorkplace {
  /** File for `ssh -F`. */
  readonly config: string
  remove(): Promise<void>
}

/** Key and certificate are the run's own, and gone after it. @throws Failure */
export async function openSshWorkplace(client: ApiClient, name: string, purpose: string | undefined): Promise<SshWorkplace> {
  const target = await client.target(name)
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-ssh-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const files = sshFiles(folder, 'id')
    // First of all, as it is also what refuses targets that are none of SSH.
    const block = hostBlock(target, files, client.gateway)
    await renewCertificate(client, name, files, '', purpose)
    const config = join(folder, 'config')
    // Behind it whatever the person has set for all hosts.
    await writePrivateFile(config, `${block}\nMatch all\nInclude ~/.ssh/config\n`)
    return { config, remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/** What programs that start ssh read from their environment. */
export function sshEnvironment({ config }: SshWorkplace): Record<string, string> {
  const command = `ssh -F ${config}`
  return { SALLYPORT_SSH_CONFIG: config, GIT_SSH_COMMAND: command, RSYNC_RSH: command, ANSIBLE_SSH_COMMON_ARGS: `-F ${config}` }
}
