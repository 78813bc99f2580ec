import { test } from 'node:test'
import { demandThatKillsLoseNothing } from '../support/crash-rounds.ts'

test('killed 200 times at random moments, the log opens by itself, verifies, and holds every acknowledged entry', () => demandThatKillsLoseNothing(200))
