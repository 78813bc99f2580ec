/** Numbers of SFTP version 3: draft-ietf-secsh-filexfer-02. */

export const VERSION = 3

/** Without the four bytes of the length; what OpenSSH's sftp-server takes too. */
export const MAX_PACKET_BYTES = 256 * 1024
/** Requests but WRITE have paths, handles and attributes only. */
export const MAX_REQUEST_BYTES = 16 * 1024
/** Section 6.2: a handle is at most 256 bytes. */
export const MAX_HANDLE_BYTES = 256
/** With its NUL 4096 bytes, PATH_MAX. */
export const MAX_PATH_BYTES = 4095

/** Section 3: types of packets. */
export const FXP = {
  init: 1, version: 2, open: 3, close: 4, read: 5, write: 6, lstat: 7, fstat: 8, setstat: 9, fsetstat: 10, opendir: 11,
  readdir: 12, remove: 13, mkdir: 14, rmdir: 15, realpath: 16, stat: 17, rename: 18, readlink: 19, symlink: 20,
  status: 101, handle: 102, data: 103, name: 104, attrs: 105, extended: 200, extendedReply: 201,
} as const

/** Section 7: codes of a STATUS. */
export const STATUS = {
  ok: 0, eof: 1, noSuchFile: 2, permissionDenied: 3, failure: 4, badMessage: 5, noConnection: 6, connectionLost: 7, unsupported: 8,
} as const

/** Section 6.3: flags of OPEN. */
export const OPEN_FLAGS = { read: 1, write: 2, append: 4, create: 8, truncate: 16, exclusive: 32 } as const

/** Section 5: which attributes are there. */
export const ATTRIBUTE_FLAGS = { size: 1, owner: 2, permissions: 4, times: 8, extended: 0x8000_0000 } as const

const STATUS_NAMES = ['SSH_FX_OK', 'SSH_FX_EOF', 'SSH_FX_NO_SUCH_FILE', 'SSH_FX_PERMISSION_DENIED', 'SSH_FX_FAILURE', 'SSH_FX_BAD_MESSAGE',
  'SSH_FX_NO_CONNECTION', 'SSH_FX_CONNECTION_LOST', 'SSH_FX_OP_UNSUPPORTED']

/** As the specification writes it; the number of one that it does not have. */
export function statusName(code: number): string {
  return STATUS_NAMES[code] ?? `status ${code}`
}
