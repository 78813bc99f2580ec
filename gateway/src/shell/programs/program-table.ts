/** Every program that is known. A name that is not here runs something unknown. */
import { ACCOUNT_PROGRAMS } from './accounts.ts'
import { BUILTINS } from './builtins.ts'
import type { Handler } from './call.ts'
import { CONTAINERS } from './containers.ts'
import { DEVICES, DEVICE_FAMILIES } from './devices.ts'
import { FILE_CHANGES } from './file-changes.ts'
import { find } from './find.ts'
import { NETWORK } from './network.ts'
import { PACKAGES } from './packages.ts'
import { READERS } from './readers.ts'
import { SERVICES } from './services.ts'
import { SHELLS, versionedInterpreter } from './shells.ts'
import { TEXT_TOOLS } from './text-tools.ts'
import { TRANSFERS } from './transfers.ts'
import { VERSION_CONTROL } from './version-control.ts'
import { WRAPPERS } from './wrappers.ts'

const PROGRAMS: ReadonlyMap<string, Handler> = new Map([
  READERS, FILE_CHANGES, { find }, TEXT_TOOLS, SHELLS, WRAPPERS, SERVICES, PACKAGES, DEVICES, ACCOUNT_PROGRAMS, NETWORK, TRANSFERS, VERSION_CONTROL, CONTAINERS, BUILTINS,
].flatMap((programs) => Object.entries(programs)))

/** @param name the base name of a program, or of what the shell itself does */
export function findProgram(name: string): Handler | undefined {
  const known = PROGRAMS.get(name)
  if (known !== undefined) return known
  const family = DEVICE_FAMILIES.find(([prefix]) => name.startsWith(prefix))
  return family === undefined ? versionedInterpreter(name) : PROGRAMS.get(family[1])
}
