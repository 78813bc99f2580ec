import { z } from 'zod'
import { by, count, event, EXAMPLE_TIME, names, optional, policyVersion, sha256, text, time } from './members.ts'

const agent = {
  agent: text('Registered name'),
  issuer: text('Name of the issuer of its tokens'),
  match: names('Claims by which its tokens are recognised, each as `claim=value`'),
  owner: text('Who answers for it'),
  purpose: text('What it is for'),
  expires: optional(text('Its last day in UTC, `YYYY-MM-DD`; absent when it does not end')),
  targets: z.array(z.string()).exactOptional().describe('Targets that it may open; absent for all'),
  policyVersion,
}
const bot = { agent: 'support-bot', issuer: 'corp', match: ['azp=support-bot'], owner: 'dana@example.com', purpose: 'answers tickets', policyVersion: 4 }
const ANCHOR = 'https://anchors.example.com/sallyport'

/** What becomes of the gateway itself, its policy and its ledger. */
export const gatewayEvents = [
  event('gateway.started', 'The gateway started.', {
    software: text('Name and version'),
    policyVersion,
    adopted: count('Entries behind the last checkpoint that a crash had left and that were taken on'),
    tornBytes: count('Bytes of an incomplete entry that were cut off'),
  }, { software: 'sallyport 0.1.0', policyVersion: 3, adopted: 0, tornBytes: 0 }),
  event('gateway.stopped', 'The gateway stopped in order. A start without it before was preceded by a crash.', {
    reason: text('Why'),
  }, { reason: 'asked to' }),
  event('policy.applied', 'A version of the policy is in force.', {
    policyVersion,
    sha256: sha256('SHA-256 of the document as it was sent; at a start, of the part that is the policy'),
    by: text('Name of the administrator, or `gateway` when it came with the configuration at a start'),
  }, { policyVersion: 4, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', by: 'dana' }),
  event('agent.registered', 'An agent is in this version of the policy and was not in the one before.', agent, bot),
  event('agent.changed', 'An agent\'s entry differs from the one in the version before.', {
    ...agent, changed: names('Which of its settings differ'),
  }, { ...bot, targets: ['shop'], changed: ['targets'] }),
  event('agent.revoked', 'An agent of the version before is no longer in the policy; its sessions end.', {
    agent: agent.agent, policyVersion,
  }, { agent: 'support-bot', policyVersion: 5 }),
  event('administrator.acted', 'An administrator or operator did something. Written before it takes effect.', {
    by,
    action: text('Such as `policy.apply`, `policy.reject`, `session.end`'),
    subject: text('What it was done to'),
    reason: text('Why, or by which login'),
  }, { by: 'dana', action: 'session.end', subject: '0mjvb9c3f-Zk3vQ8r1T0uWxYz2', reason: 'through the control API, by a login of issuer corp, token tok_77aa01' }),
  event('lock.placed', 'An identity, agent or target is locked: its sessions end, and nothing is opened for it. Written before it takes effect.', {
    kind: z.enum(['identity', 'agent', 'target']).describe('What is locked'),
    name: text('Name of the identity, agent or target; of an identity also its `sub`'),
    by,
    reason: text('Why, in their words'),
  }, { kind: 'agent', name: 'support-bot', by: 'dana', reason: 'deletes what it should not' }),
  event('lock.lifted', 'A lock holds no more. Written before it takes effect.', {
    kind: z.enum(['identity', 'agent', 'target']).describe('What was locked'),
    name: text('Name of the identity, agent or target'),
    by,
    reason: text('Why, in their words'),
  }, { kind: 'agent', name: 'support-bot', by: 'dana', reason: 'fixed with release 12' }),
  event('ledger.recovered', 'The first entry after a time in which nothing could be recorded, and nothing was passed on.', {
    since: time('When recording stopped'),
    error: text('Why, in the system\'s words'),
  }, { since: EXAMPLE_TIME - 4_000, error: 'ENOSPC: no space left on device, write' }),
  event('verification.failed', 'The ledger\'s files are not what was signed.', {
    check: z.enum(['background']).describe('Who found it: the gateway\'s own check in the background'),
    size: count('Entries that the checkpoint covers'),
    finding: text('What is wrong, and where'),
  }, { check: 'background', size: 70_001, finding: 'entry 12 (journal/00000000, byte 4110): this is not the entry that was signed' }),
  event('anchor.failed', 'Checkpoints do not reach an anchor any more.', {
    anchor: text('Path of the file, or address of the webhook'),
    since: time('Since when'),
    error: text('The latest error'),
  }, { anchor: ANCHOR, since: EXAMPLE_TIME - 300_000, error: 'it answers with status 503' }),
  event('anchor.recovered', 'Checkpoints reach an anchor again.', {
    anchor: text('Path of the file, or address of the webhook'),
    since: time('Since when they had not'),
    size: count('Entries that the anchored checkpoint covers'),
  }, { anchor: ANCHOR, since: EXAMPLE_TIME - 300_000, size: 70_001 }),
  event('channel.failed', 'Nobody can be told of reviews through a channel any more. Reviews go on, and are answered, without it.', {
    channel: text('Its name in the configuration'),
    since: time('Since when'),
    error: text('The latest error'),
  }, { channel: 'on-call', since: EXAMPLE_TIME - 300_000, error: 'it answers with status 503' }),
  event('channel.recovered', 'A channel tells of reviews again.', {
    channel: text('Its name in the configuration'),
    since: time('Since when it had not'),
    dropped: count('News that it never told, because they were too many or too old by then'),
  }, { channel: 'on-call', since: EXAMPLE_TIME - 300_000, dropped: 0 }),
] as const
