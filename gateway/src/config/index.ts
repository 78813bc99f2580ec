export { type Config, parseConfig } from './parse-config.ts'
export type { GatewaySettings, Limits, ListenAddress, StorageSettings } from './gateway-settings.ts'
export { type Problem, renderProblems } from './problem.ts'
