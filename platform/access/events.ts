import { declareEvents } from '../kernel/event.ts'

/** Events of chapter 3. Policy 8.1-b: every attempt to authenticate, with who, how, result and reason. */
export const accessEvents = declareEvents({
  'sign-in.password-tried': {
    kind: 'authentication',
    says: 'Somebody tried an e-mail address and a password.',
  },
  'sign-in.code-tried': { kind: 'authentication', says: 'Somebody tried a code of the second factor.' },
  'sign-in.key-tried': { kind: 'authentication', says: 'Somebody tried a security key or a passkey.' },
  'sign-in.completed': { kind: 'authentication', says: 'A person signed in with two factors.' },
  'account.locked': { kind: 'security', says: 'An account was locked after too many wrong attempts.' },
  'account.unlocked': {
    kind: 'security',
    says: 'The owner of an account ended its lock through a link that was mailed to them.',
  },
  'session.ended': { kind: 'authentication', says: 'A session was ended.' },
  'session.expired': { kind: 'authentication', says: 'A session was refused because it had expired.' },
  'factor.confirmed': { kind: 'security', says: 'A second factor was set up.' },
  'factor.renamed': { kind: 'security', says: 'A second factor was given another name.' },
  'factor.removed': { kind: 'security', says: 'A second factor was removed.' },
  'sms.sent': { kind: 'security', says: 'A code was sent by text message.' },
  'sms.withheld': { kind: 'security', says: 'A code was not sent, because a budget is used up.' },
  'sms.closed': {
    kind: 'security',
    says: 'Text messages stop for a while, because too few of the codes that were sent came back.',
  },
  'factor.copied': {
    kind: 'security',
    says: 'The counter of a security key went back: it may have been copied.',
  },
  'recovery-codes.made': { kind: 'security', says: 'New recovery codes replaced the old ones.' },
  'password.changed': { kind: 'security', says: 'A person changed their own password.' },
  'sign-in.upstream-tried': {
    kind: 'authentication',
    says: 'Somebody came back from the identity provider of a workspace.',
  },
  'upstream.set': {
    kind: 'administration',
    says: 'An owner set the identity provider that the people of a workspace sign in with.',
  },
  'upstream.removed': {
    kind: 'administration',
    says: 'An owner removed the identity provider of a workspace.',
  },
  'upstream.linked': {
    kind: 'security',
    says: 'A person linked their account with the identity provider of a workspace.',
  },
  'upstream.unlinked': {
    kind: 'security',
    says: 'A link of an account with an identity provider ended.',
  },
  'recovery.asked': {
    kind: 'authentication',
    says: 'Somebody asked for a letter with a link to a new password.',
  },
  'password.recovered': {
    kind: 'security',
    says: 'A new password was set with a link from a letter and a second factor.',
  },
  'reset.requested': {
    kind: 'security',
    says: 'Somebody asked to reset the second factors of a person.',
  },
  'reset.approved': {
    kind: 'security',
    says: 'A second person agreed to reset the second factors of a person.',
  },
  'reset.cancelled': { kind: 'security', says: 'A reset of second factors was stopped.' },
  'reset.done': {
    kind: 'security',
    says: 'The second factors of a person were removed by two others; the next one needs a link from a letter.',
  },
  'password.breached': {
    kind: 'security',
    says: 'The present password of an account was found among breached ones; it must be changed.',
  },
  'pepper.rotated': {
    kind: 'security',
    says: 'The operator made the next secret that is mixed into passwords.',
  },
  'link.made': { kind: 'administration', says: 'A one-time link was made.' },
  'link.withdrawn': { kind: 'administration', says: 'An invitation was withdrawn.' },
  'link.redeemed': { kind: 'authentication', says: 'A one-time link was used.' },
  'link.refused': { kind: 'authentication', says: 'A one-time link was refused.' },
  'member.role-changed': { kind: 'administration', says: 'The role of a member was changed.' },
  'member.added': { kind: 'administration', says: 'A person became a member of a workspace.' },
  'member.job-changed': { kind: 'administration', says: 'The kind of work that a member does was changed.' },
  'member.suspended': { kind: 'administration', says: 'A member was suspended, with every session and key.' },
  'member.resumed': { kind: 'administration', says: 'A suspended member was let in again.' },
  'member.signed-out': {
    kind: 'administration',
    says: 'The sessions of a member were ended by somebody else.',
  },
  'workspace.signed-out': {
    kind: 'administration',
    says: 'The sessions of everybody else in a workspace were ended.',
  },
  'workspace.handed-over': { kind: 'administration', says: 'An owner handed a workspace over.' },
  'role.made': { kind: 'administration', says: 'A workspace made a role of its own.' },
  'role.changed': { kind: 'administration', says: 'A role of a workspace was changed.' },
  'role.removed': { kind: 'administration', says: 'A role of a workspace was removed.' },
  'role.exception-ended': {
    kind: 'administration',
    says: 'A role that was given outside the map of jobs ended.',
  },
  'job-function.changed': {
    kind: 'administration',
    says: 'A kind of work was named or removed in a workspace.',
  },
  'duty-rule.made': { kind: 'administration', says: 'A workspace keeps two duties apart.' },
  'duty-rule.removed': { kind: 'administration', says: 'A workspace keeps two duties apart no more.' },
  'permission.unused-found': {
    kind: 'security',
    says: 'The weekly look found permissions that nobody used for a quarter.',
  },
  'api-key.rotated': {
    kind: 'administration',
    says: 'An API key was replaced; the old one ends soon after.',
  },
  'account.erased': {
    kind: 'administration',
    says: 'An account was erased: its credentials ended, the key of its person destroyed, everything of its own removed.',
  },
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
  'leaver.denied': {
    kind: 'security',
    says: 'Somebody left: the flag that every decision asks for was set before anything else.',
  },
  'leaver.credentials-ended': {
    kind: 'security',
    says: 'One kind of credential of somebody who left was ended.',
  },
  'leaver.handed-on': {
    kind: 'administration',
    says: 'What only somebody who left owned was handed on, or nobody was there to take it.',
  },
  'leaver.tried': {
    kind: 'security',
    says: 'The credentials of somebody who left were tried again the way a request would be judged.',
  },
  'leaver.finished': {
    kind: 'security',
    says: 'Everything that let somebody in who left is ended, tried and refused.',
  },
  'leaver.alarm': {
    kind: 'security',
    says: 'Something of somebody who left still worked, or took longer than the policy allows.',
  },
  'directory-token.made': { kind: 'administration', says: 'A token for a directory was made.' },
  'directory-token.rotated': {
    kind: 'administration',
    says: 'A token for a directory was replaced; the old one is good for one more day.',
  },
  'directory-token.revoked': { kind: 'administration', says: 'A token for a directory was revoked.' },
  'directory-token.used': {
    kind: 'authentication',
    says: 'A token of a directory was used; recorded at most once a minute a token.',
  },
  'directory-token.refused': { kind: 'authentication', says: 'A token of a directory was refused.' },
  'directory.user-made': { kind: 'administration', says: 'A directory provisioned a person.' },
  'directory.user-joined': {
    kind: 'administration',
    says: 'Somebody accepted the invitation, and the directory manages the membership from now on.',
  },
  'directory.user-changed': { kind: 'administration', says: 'A directory changed a person.' },
  'directory.user-removed': { kind: 'administration', says: 'A directory removed a person.' },
  'directory.group-made': { kind: 'administration', says: 'A directory made a group.' },
  'directory.group-changed': { kind: 'administration', says: 'A directory changed a group.' },
  'directory.group-removed': { kind: 'administration', says: 'A directory removed a group.' },
  'directory.group-role-set': {
    kind: 'administration',
    says: 'The role that a group of a directory gives was set.',
  },
  'personnel.connected': { kind: 'administration', says: 'A personnel system was connected.' },
  'personnel.disconnected': { kind: 'administration', says: 'A personnel system was disconnected.' },
  'personnel.told': {
    kind: 'administration',
    says: 'A personnel system told who joins, moves or leaves, and when.',
  },
  'personnel.refused': {
    kind: 'security',
    says: 'A message that a personnel system might have sent was refused: signature, time or connection.',
  },
  'personnel.done': {
    kind: 'administration',
    says: 'What a personnel system told took effect.',
  },
  'leaver.reinstated': {
    kind: 'administration',
    says: 'Somebody who had left was given back the membership, without any old credential.',
  },
  'review.opened': {
    kind: 'administration',
    says: 'A review of access rights opened, over a snapshot with this hash.',
  },
  'review.decided': {
    kind: 'administration',
    says: 'A reviewer, or the deadline, decided about one access right.',
  },
  'review.reassigned': { kind: 'administration', says: 'An access right was given to another reviewer.' },
  'review.revocation-tried': {
    kind: 'security',
    says: 'Everything that a review revoked was tried again, and refused.',
  },
  'review.undecided-last': {
    kind: 'security',
    says: 'A review ended without a decision about somebody whom nobody could replace.',
  },
  'review.exception': {
    kind: 'security',
    says: 'Access goes on without a review, because nobody else could have it.',
  },
  'review.closed': { kind: 'administration', says: 'A review of access rights was completed.' },
  'elevation.requested': { kind: 'administration', says: 'Somebody asked for a sensitive permission.' },
  'elevation.approved': {
    kind: 'security',
    says: 'A sensitive permission was given for a limited time.',
  },
  'elevation.denied': { kind: 'security', says: 'A request for a sensitive permission was denied.' },
  'elevation.ended': {
    kind: 'security',
    says: 'An elevation, or the request for one, came to its end.',
  },
  'elevation.break-glass': {
    kind: 'security',
    says: 'Somebody took a sensitive permission in an emergency, without approval.',
  },
  'elevation.reviewed': {
    kind: 'administration',
    says: 'Somebody looked at an emergency elevation afterwards.',
  },
  'elevation.job-refused': {
    kind: 'security',
    says: 'Work that was queued during an elevation was not done, because the elevation had ended.',
  },
  'support.allowed': {
    kind: 'security',
    says: 'The provider’s support may enter the workspace for a limited time.',
  },
  'support.ended': { kind: 'security', says: 'The provider’s support may no longer enter the workspace.' },
  'support.access-set': {
    kind: 'administration',
    says: 'The owners allowed or refused support by the provider in their workspace.',
  },
  'client.made': { kind: 'administration', says: 'A program was registered.' },
  'client.changed': { kind: 'administration', says: 'What is known of a registered program was changed.' },
  'client.secret-made': { kind: 'administration', says: 'A registered program was given a new secret.' },
  'client.revoked': { kind: 'administration', says: 'A registered program was revoked with all its tokens.' },
  'client.used': {
    kind: 'authentication',
    says: 'A registered program got or used a token; recorded at most once a minute a program.',
  },
  'client.refused': { kind: 'authentication', says: 'A program could not prove which one it is.' },
  'token.refused': { kind: 'authentication', says: 'An OAuth 2.0 token was refused.' },
  'token.reused': {
    kind: 'security',
    says: 'A code or refresh token came a second time; everything that came from it was revoked.',
  },
  'token.revoked': { kind: 'authentication', says: 'A program gave a token back.' },
  'consent.given': { kind: 'administration', says: 'A person allowed a program to act in their name.' },
  'consent.refused': { kind: 'administration', says: 'A person refused what a program asked for.' },
  'consent.withdrawn': {
    kind: 'administration',
    says: 'What a program was allowed to do in the name of a person was withdrawn.',
  },
  'oauth-keys.rotated': {
    kind: 'security',
    says: 'New keys for signing ID tokens were made.',
    open: true,
  },
})

/** The name of an event of this module. */
export type AccessEvent = keyof typeof accessEvents
