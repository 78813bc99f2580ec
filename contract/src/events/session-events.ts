import { z } from 'zod'
import {
  count, event, EXAMPLE_SESSION, EXAMPLE_TIME, flag, identity, names, operationNumber, optional, policyVersion, session, sha256, text, time, truncated,
} from './members.ts'

const client = text('Address the client came from')
const application = text('What the client calls itself; it may say anything')
const who = { kind: 'agent', name: 'support-bot', issuer: 'corp', subject: 'support-bot', groups: [], actors: [] }

const credential = {
  target: text('Name of the target'),
  user: text('Login at the target'),
  credential: text('Reference to the secret, never the secret; `made for the session` where nobody keeps one'),
  method: text('How the target was satisfied: `scram-sha-256-plus`, `scram-sha-256`, `md5`, `password` or `none`'),
  tls: z.enum(['verified', 'encrypted', 'none']).describe(
    'The connection: `verified` when certificate and name were checked, `encrypted` when they were not, `none` in the clear'),
}
const used = { target: 'shop', user: 'sallyport', credential: 'vault:shop', method: 'scram-sha-256-plus', tls: 'verified' }
const EXAMPLE_LOGIN = 'sallyport_b3x7kq2mzr5nw6tfhv4cjy2ape'

/** What agents and people do through the gateway. */
export const sessionEvents = [
  event('token.issued', 'A session token was given for an identity token, or a person logged in at the console: then `tokenId` begins with `web_` and names the session. Written before the token or the cookie is handed out.', {
    tokenId: text('Names the token; useless as one'),
    identity,
    targets: names('Targets that it opens'),
    purpose: text('Declared, or the registered purpose of the agent'),
    expiresAt: time('When it ends'),
    singleUse: optional(flag('True when it opens one session; absent when it opens any number')),
  }, { tokenId: 'tok_5f0c2a', identity: who, targets: ['shop'], purpose: 'answers tickets', expiresAt: EXAMPLE_TIME + 900_000 }),
  event('certificate.issued', 'A certificate was given for a session token and a public key: whoever has its private key logs in as the holder of the token would. Written before it is handed out.', {
    tokenId: text('The session token that it stands for; the id of the certificate too'),
    identity,
    protocol: text('Such as `ssh`'),
    targets: names('Targets that it opens'),
    fingerprint: text('Digest of the public key, as the protocol shows it'),
    expiresAt: time('When it ends; with the token at the latest'),
  }, {
    tokenId: 'tok_5f0c2a', identity: who, protocol: 'ssh', targets: ['web1'], fingerprint: 'SHA256:RBPSCDfZ0wTNlyVO8nIeqbDd4JDdyEuVaTEFM7qmSIo', expiresAt: EXAMPLE_TIME + 900_000,
  }),
  event('token.revoked', 'A token was made unusable, with all that were exchanged for it, and their sessions were ended; or a person logged out at the console.', {
    tokenId: text('Names the token'),
    derived: names('Ids of the session tokens that were exchanged for it'),
    sessions: count('Live sessions that were ended by it'),
  }, { tokenId: 'tok_5f0c2a', derived: [], sessions: 1 }),
  event('login.refused', 'A client was not let in. Written without the credential.', {
    target: text('Name of the target the client asked for; it may be anything'),
    protocol: text('Such as `postgres`'),
    client,
    application,
    reason: text('As the client was told'),
  }, { target: 'shop', protocol: 'postgres', client: '192.0.2.7', application: 'psql', reason: 'the session token has expired' }),
  event('session.opened', 'An identity was let in to a target. Written before anything of the session is forwarded.', {
    session,
    identity,
    tokenId: text('Names the credential; useless as one'),
    target: text('Name of the target'),
    protocol: text('Such as `postgres`'),
    purpose: text('Declared with the token, or the registered purpose of the agent'),
    client,
    application,
    policyVersion,
  }, {
    session: EXAMPLE_SESSION, identity: who, tokenId: 'tok_5f0c2a', target: 'shop', protocol: 'postgres', purpose: 'answers tickets', client: '192.0.2.7',
    application: 'psql', policyVersion: 3,
  }),
  event('session.closed', 'A session ended. One without it was cut off by a crash of the gateway.', {
    session,
    reason: text('Why'),
    operations: count('Operations decided in it'),
    refused: count('Of these, how many did not run'),
  }, { session: EXAMPLE_SESSION, reason: 'the client closed the connection', operations: 4, refused: 1 }),
  event('credential.used', 'The gateway logged in to a target for a session, with the credential that it keeps for it.', {
    session, ...credential,
  }, { session: EXAMPLE_SESSION, ...used }),
  event('catalog.opened', 'The gateway logged in to a target for itself: to read its catalog, or to make and remove logins for sessions.', credential, used),
  event('login.made', 'A login was made at a target for one session. Written before it is used.', {
    session,
    target: text('Name of the target'),
    user: text('The login at the target; in Kubernetes the Secret to which its token is bound'),
    role: text('Whose rights it has there'),
    use: z.enum(['session', 'preview']).describe('`preview`: for finding out what a statement of the session would touch'),
    validUntil: time('Until when one can log in with it'),
  }, { session: EXAMPLE_SESSION, target: 'shop', user: EXAMPLE_LOGIN, role: 'support_reader', use: 'session', validUntil: EXAMPLE_TIME + 43_200_000 }),
  event('login.removed', 'A login that was made for one session is gone from its target.', {
    session: optional(text('Id of the session; absent when it is not known')),
    target: text('Name of the target'),
    user: text('The login at the target'),
    reason: text('Why'),
    connections: count('Connections that it still had, and that were ended'),
  }, { session: EXAMPLE_SESSION, target: 'shop', user: EXAMPLE_LOGIN, reason: 'its session ended', connections: 0 }),
  event('login.remained', 'A login that was made for one session could not be removed. It is tried again every minute.', {
    session: optional(text('Id of the session; absent when it is not known')),
    target: text('Name of the target'),
    user: text('The login at the target'),
    error: text('What was in the way'),
  }, { session: EXAMPLE_SESSION, target: 'shop', user: EXAMPLE_LOGIN, error: 'the target cannot be reached' }),
  event('operation.decided', 'Policy decided on one operation. Written before what it allows is forwarded, and for what is refused.', {
    session,
    n: operationNumber,
    text: text('The request as the client wrote it'),
    textTruncated: truncated('text'),
    parameters: z.array(z.string().nullable()).exactOptional().describe('Values in readable form, null for the protocol\'s null; absent when there are none'),
    parametersTruncated: truncated('parameters'),
    actions: names('What it does, such as `select`, `update`; `unknown` where it could not be analysed'),
    actionsTruncated: truncated('actions'),
    objects: names('What it touches, fully qualified where the catalog is known'),
    objectsTruncated: truncated('objects'),
    functions: z.array(z.string()).exactOptional().describe('Functions it calls; absent when there are none'),
    functionsTruncated: truncated('functions'),
    readOnly: flag('True only when every part is known to change nothing'),
    decision: z.enum(['allow', 'deny', 'review']).describe('What policy said'),
    rule: text('Name of the rule that made the decision'),
    policyVersion: count('Version of the policy that held the rule'),
    grant: optional(text('Id of the grant without which it would not be allowed; absent where none is needed')),
    prepares: optional(flag('True when it is allowed only to be made known to the target, and a review is needed to run it; else absent')),
  }, {
    session: EXAMPLE_SESSION, n: 1, text: 'update orders set status = $1 where id = 7', parameters: ['sent'], actions: ['update'], objects: ['public.orders'],
    readOnly: false, decision: 'review', rule: 'writes', policyVersion: 3,
  }),
  event('operation.finished', 'A forwarded operation has ended. A decision to allow without one was cut off by a crash.', {
    session,
    n: operationNumber,
    result: z.enum(['completed', 'failed', 'aborted']).describe('`failed` by the target\'s error, `aborted` when it was cut off. An Execute of PostgreSQL outside of BEGIN is `failed` also when a later one of its pipeline, or its Sync, took it back; inside, COMMIT has an outcome of its own'),
    rows: count('Rows returned or changed'),
    bytes: count('Bytes of response that the client got, after masking'),
    masked: optional(count('Values in them that masks replaced; absent when none was')),
    digest: optional(sha256('SHA-256 over the result as the client got it: of PostgreSQL all row descriptions, rows, COPY data, notices, errors and tags; absent where there was none')),
    code: optional(text('The target\'s error code, such as an SQLSTATE; absent without an error')),
    us: count('Duration in microseconds'),
  }, { session: EXAMPLE_SESSION, n: 2, result: 'completed', rows: 12, bytes: 834, masked: 24, us: 1_412 }),
] as const
