export type { AnchorSettings } from './anchor-settings.ts'
export { type Config, parseConfig } from './parse-config.ts'
export type { StorageSettings } from './gateway-settings.ts'
export { type Problem, renderProblems } from './problem.ts'
