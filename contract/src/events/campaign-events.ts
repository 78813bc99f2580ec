import { z } from 'zod'
import { count, event, EXAMPLE_TIME, flag, names, optional, policyVersion, sha256, text, time } from './members.ts'

const campaign = text('Id of the campaign')
const by = z.object({
  kind: z.enum(['agent', 'person']).describe('Always a person'),
  name: text('Name of the person'),
  issuer: text('Name of the issuer in the policy'),
  subject: text('`sub` of the token'),
}).describe('Who did it')
const dana = { kind: 'person', name: 'dana@example.com', issuer: 'corp', subject: '8f0c' }
const ID = 'cp_5wPzR0n9c1Qk2mXb7hT3aQ'

/** Access reviews of agents. */
export const campaignEvents = [
  event('campaign.opened', 'An access review of agents began; what is known of each is frozen with it.', {
    campaign, by,
    agents: names('Agents that are reviewed, as many as fit'),
    count: count('How many they are'),
    dueAt: time('When all are to be decided'),
    independent: flag('True when nobody decides on an agent that they own'),
    reviewers: optional(names('Groups whose people may decide on every agent; absent for those who hold the role reviewer')),
    reason: text('Why, in their words'),
    policyVersion,
    sha256: sha256('SHA-256 over the frozen facts, as a JSON array in the order of the agents\' names'),
  }, {
    campaign: ID, by: dana, agents: ['support-bot'], count: 1, dueAt: EXAMPLE_TIME + 1_209_600_000, independent: true, reason: 'first quarter', policyVersion: 4,
    sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  }),
  event('campaign.decided', 'A person confirmed an agent or marked it for removal. Written before it counts; the last one on an agent counts.', {
    campaign,
    agent: text('Registered name'),
    decision: z.enum(['keep', 'remove']).describe('What is to become of it'),
    by,
    reason: text('Why, in their words'),
  }, { campaign: ID, agent: 'support-bot', decision: 'keep', by: dana, reason: 'answers tickets every day' }),
  event('campaign.closed', 'An access review was signed off. Nothing is removed by this alone.', {
    campaign, by,
    kept: count('How many agents were confirmed'),
    removed: names('Agents that were marked for removal, as many as fit'),
    overdue: names('Of those: on which nobody decided in time'),
  }, { campaign: ID, by: dana, kept: 11, removed: ['old-bot'], overdue: [] }),
] as const
