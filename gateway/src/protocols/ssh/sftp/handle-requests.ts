import { FXP, STATUS } from './message-types.ts'
import type { OpenFile } from './open-file.ts'
import type { Pending } from './pending-answers.ts'
import type { RelayState } from './relay-state.ts'
import type { HandleRequest } from './request.ts'

/** Why a request on a handle is not passed on. */
export interface Objection {
  readonly status: number
  readonly words: string
}

/** Handles are the target's own words, never taken from elsewhere: one that it did not give, or has back, is none. */
const NOT_OPEN: Objection = { status: STATUS.failure, words: 'no file is open under this handle' }
const IS_DIRECTORY: Objection = { status: STATUS.failure, words: 'this handle is a directory' }
const NO_DIRECTORY: Objection = { status: STATUS.failure, words: 'this handle is no directory' }
const NOT_FOR_READING: Objection = { status: STATUS.permissionDenied, words: 'the file was not opened for reading' }
const NOT_FOR_WRITING: Objection = { status: STATUS.permissionDenied, words: 'the file was not opened for writing' }

/** @returns what speaks against the request, under the permit with which its file was opened */
export function objectionTo(name: HandleRequest['name'], file: OpenFile | undefined): Objection | undefined {
  if (file === undefined) return NOT_OPEN
  switch (name) {
    case 'read': return file.isDirectory ? IS_DIRECTORY : file.readable ? undefined : NOT_FOR_READING
    case 'write': return file.isDirectory ? IS_DIRECTORY : file.writable ? undefined : NOT_FOR_WRITING
    case 'fsync': return file.isDirectory ? IS_DIRECTORY : undefined
    case 'readdir': return file.isDirectory ? undefined : NO_DIRECTORY
    case 'close': case 'fstat': case 'fsetstat': case 'fstatvfs': return undefined
  }
}

/** Size and times belong to writing a file; who may use it does not, and nothing of it belongs to reading it. */
export function isGoverned({ name, attributes }: HandleRequest, file: OpenFile): boolean {
  if (name !== 'fsetstat') return false
  return !file.writable || attributes === undefined || attributes.permissions !== undefined || attributes.owner !== undefined
}

/** What a handle's request has to be remembered for until it is answered; a close gives the handle back at once. */
export function pendingOf(state: RelayState, { name, offset, length, attributes }: HandleRequest, clientId: number, file: OpenFile): Pending {
  switch (name) {
    case 'read': return { clientId, expects: FXP.data, file, reads: true, offset, length }
    case 'write': return { clientId, expects: FXP.status, file, writes: true }
    case 'close': return closing(state, clientId, file)
    case 'fstat': return { clientId, expects: FXP.attrs }
    case 'readdir': return { clientId, expects: FXP.name }
    case 'fstatvfs': return { clientId, expects: FXP.extendedReply }
    case 'fsetstat':
      if (attributes?.size !== undefined) file.sizeSet(attributes.size)
      return { clientId, expects: FXP.status }
    case 'fsync': return { clientId, expects: FXP.status }
  }
}

function closing(state: RelayState, clientId: number, file: OpenFile): Pending {
  state.files.delete(file.handle)
  state.closing.add(file)
  return {
    clientId, expects: FXP.status,
    settled(status) {
      state.closing.delete(file)
      state.ports.finish(file.operationNumber, file.outcome(status, state.now()))
    },
  }
}
