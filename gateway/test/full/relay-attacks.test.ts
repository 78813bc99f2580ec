import { READS_ONLY, testRelayAttacks } from '../support/relay-attack-suite.ts'

testRelayAttacks('reads only', READS_ONLY)
