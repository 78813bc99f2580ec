export { type Config, parseConfig } from './parse-config.ts'
export type { StorageSettings } from './gateway-settings.ts'
export { type Problem, renderProblems } from './problem.ts'
