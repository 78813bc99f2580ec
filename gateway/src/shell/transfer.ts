/** A command that speaks a file transfer protocol over its standard input and output. */
export interface Transfer {
  readonly program: 'scp' | 'rsync' | 'git' | 'sftp-server'
  readonly direction: 'to-target' | 'from-target'
  readonly paths: readonly string[]
}
