import { firstLine, startChild } from './child.ts'
import type { Database, Route } from './route.ts'

/** The bare pipe in a process of its own, so that its CPU time can be read. */
export async function pipeRoute(database: Database): Promise<Route> {
  const script = new URL('../pipe.ts', import.meta.url).pathname
  const child = startChild(process.execPath, [script, '127.0.0.1', String(database.port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (child.process.stdout === null) throw new Error('no output of the pipe')
  const port = Number(await firstLine(child.process, child.process.stdout, 10_000))
  return {
    name: 'pipe',
    port,
    user: database.user,
    database: database.database,
    pid: child.pid,
    password: () => Promise.resolve(database.password),
    stop: () => child.stop(),
  }
}
