/** The control API in types: what the gateway answers and what CLI, console and scripts may rely on. */
export * from './error.ts'
export * from './loopback.ts'
export * from './oauth.ts'
export * from './policy.ts'
export * from './routes.ts'
export * from './service.ts'
export * from './session.ts'
export * from './target.ts'
