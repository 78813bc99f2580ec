import type { Database, Route } from './route.ts'

export function directRoute(database: Database): Route {
  return {
    name: 'direct',
    port: database.port,
    user: database.user,
    database: database.database,
    password: () => Promise.resolve(database.password),
    stop: () => Promise.resolve(),
  }
}
