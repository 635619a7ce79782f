import { declareEvents } from '../kernel/event.ts'

/** Events of chapter 3. Policy 8.1-b: every attempt to authenticate, with who, how, result and reason. */
export const accessEvents = declareEvents({
  'sign-in.password-tried': {
    kind: 'authentication',
    says: 'Somebody tried an e-mail address and a password.',
  },
  'sign-in.code-tried': { kind: 'authentication', says: 'Somebody tried a code of the second factor.' },
  'sign-in.completed': { kind: 'authentication', says: 'A person signed in with two factors.' },
  'account.locked': { kind: 'security', says: 'An account was locked after too many wrong attempts.' },
  'session.ended': { kind: 'authentication', says: 'A session was ended.' },
  'session.expired': { kind: 'authentication', says: 'A session was refused because it had expired.' },
  'factor.confirmed': { kind: 'security', says: 'A second factor was set up.' },
  'factor.removed': { kind: 'security', says: 'A second factor was removed.' },
  'recovery-codes.made': { kind: 'security', says: 'New recovery codes replaced the old ones.' },
  'password.changed': { kind: 'security', says: 'A person changed their own password.' },
  'link.made': { kind: 'administration', says: 'A one-time link was made.' },
  'link.withdrawn': { kind: 'administration', says: 'An invitation was withdrawn.' },
  'link.redeemed': { kind: 'authentication', says: 'A one-time link was used.' },
  'link.refused': { kind: 'authentication', says: 'A one-time link was refused.' },
  'member.role-changed': { kind: 'administration', says: 'The role of a member was changed.' },
  'member.removed': { kind: 'administration', says: 'A member was removed from a workspace.' },
  'staff.role-changed': {
    kind: 'administration',
    says: 'A role among the provider’s staff was given, changed or withdrawn.',
  },
  'workspace.made': { kind: 'administration', says: 'A workspace was made.' },
  'workspace.removed': {
    kind: 'administration',
    says: 'A workspace was removed and its keys were destroyed.',
  },
  'workspace.chosen': { kind: 'system', says: 'A person chose the workspace to act in.' },
  'api-key.made': { kind: 'administration', says: 'An API key was made.' },
  'api-key.revoked': { kind: 'administration', says: 'An API key was revoked.' },
  'api-key.used': {
    kind: 'authentication',
    says: 'An API key was used; recorded at most once a minute a key.',
  },
  'api-key.refused': { kind: 'authentication', says: 'An API key was refused.' },
})

/** The name of an event of this module. */
export type AccessEvent = keyof typeof accessEvents
