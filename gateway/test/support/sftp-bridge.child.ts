import { connect } from 'node:net'
import { pipeline } from 'node:stream/promises'

/** What `sftp -D` starts in place of a server: joins its input and output to the socket that it is given. */
const socket = connect(process.argv[2] ?? '')
await Promise.race([pipeline(process.stdin, socket), pipeline(socket, process.stdout)])
process.exit(0)
