import { test } from 'node:test'
import { demandThatKillsLoseNothing } from '../../test/support/crash-rounds.ts'

/** 200 of them in gateway/test/full/crash.test.ts. */
test('killed 10 times at random moments, the log opens by itself, verifies, and holds every acknowledged entry', () => demandThatKillsLoseNothing(10))
