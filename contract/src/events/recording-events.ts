import { z } from 'zod'
import { by, count, event, EXAMPLE_SESSION, operationNumber, session, sha256, text } from './members.ts'

const hold = {
  kind: z.enum(['session', 'identity']).describe('What is held'),
  subject: text('Which: id of a session, or name of an identity'),
  by,
  reason: text('Why'),
}
const held = { kind: 'session', subject: EXAMPLE_SESSION, by: 'dana', reason: 'incident 42' }

/** What becomes of recorded streams. */
export const recordingEvents = [
  event('segment.sealed', 'A part of a session\'s stream was sealed and kept. Its name in the store is `session/segment`.', {
    session,
    segment: z.int().min(1).describe('Number of the segment in its session, from 1, without gaps'),
    bytes: count('Size of the sealed segment, as it is stored'),
    sha256: sha256('SHA-256 over those bytes'),
    firstOperation: count('First operation that it holds something of; 0 where none'),
    lastOperation: count('Last operation that it holds something of; 0 where none'),
  }, { session: EXAMPLE_SESSION, segment: 1, bytes: 18_231, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', firstOperation: 1, lastOperation: 9 }),
  event('recording.limited', 'The content of an operation was recorded only in part, as the policy asks.', {
    session,
    n: operationNumber,
    limit: text('Such as `first 1000 rows`'),
  }, { session: EXAMPLE_SESSION, n: 3, limit: 'first 1000 rows' }),
  event('recording.destroyed', 'A session\'s data key and segments are gone. That they existed stays proved by `segment.sealed`.', {
    session,
    segments: count('How many'),
    reason: text('Such as `retention of 400d is over`'),
  }, { session: EXAMPLE_SESSION, segments: 2, reason: 'retention of 400d is over' }),
  event('hold.placed', 'A legal hold: what it covers is not destroyed, however old.', hold, held),
  event('hold.released', 'A legal hold was lifted.', hold, held),
] as const
