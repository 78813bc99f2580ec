import type { Command } from 'commander'
export function addVaultCommands(_program: Command): void {}
