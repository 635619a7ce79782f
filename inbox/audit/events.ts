import type { ServiceEventCatalogue } from '#client'

/** Every event that Instant Reply leaves in the audit log; names never change their meaning. */
export const inboxEvents = {
  'channel.created': { kind: 'administration', says: 'A channel was connected.' },
  'channel.changed': { kind: 'administration', says: 'A channel or its secrets were changed.' },
  'channel.deleted': { kind: 'administration', says: 'A channel was removed with what it held.' },
  'channel.broken': { kind: 'system', says: 'The provider refused the credentials of a channel.' },
  'channel.delivery-refused': {
    kind: 'security',
    says: 'Deliveries to a channel were refused before anything was read.',
  },
  'contact.created': { kind: 'data', says: 'A contact wrote for the first time.' },
  'contact.identified': { kind: 'data', says: 'Another name of a contact became known.' },
  'contact.opted-out': { kind: 'data', says: 'A contact asked not to be written to automatically.' },
  'contact.opted-in': { kind: 'data', says: 'A contact asked to be written to again.' },
  'contact.blocked': { kind: 'data', says: 'A contact was blocked.' },
  'contact.unblocked': { kind: 'data', says: 'A contact is no longer blocked.' },
  'contact.erased': {
    kind: 'data',
    says: 'What was held of a contact whose key was destroyed was removed.',
  },
  'contact.workspace-purged': { kind: 'data', says: 'Everything held for a removed workspace was deleted.' },
  'conversation.opened': { kind: 'data', says: 'A conversation began.' },
  'conversation.listed': { kind: 'data', says: 'A list of conversations with contact names was read.' },
  'conversation.read': { kind: 'data', says: 'Messages and contact data of a conversation were read.' },
  'conversation.taken-over': { kind: 'data', says: 'A person took a conversation from the rules.' },
  'conversation.released': { kind: 'data', says: 'A conversation was given back to the rules.' },
  'conversation.closed': { kind: 'data', says: 'A conversation was closed.' },
  'message.received': { kind: 'data', says: 'A message was stored.' },
  'message.queued': { kind: 'data', says: 'A message passed the gate and is on its way.' },
  'message.sent': { kind: 'data', says: 'The provider took a message.' },
  'message.failed': { kind: 'data', says: 'A message could not be delivered and was given up.' },
  'message.quarantined': { kind: 'system', says: 'A delivery could not be worked on and was set aside.' },
  'message.expired': { kind: 'system', says: 'Raw deliveries past their time were deleted.' },
  'gate.refused': { kind: 'data', says: 'A message was not allowed out.' },
  'rule.created': { kind: 'administration', says: 'An automatic reply was made.' },
  'rule.changed': { kind: 'administration', says: 'An automatic reply was changed.' },
  'rule.deleted': { kind: 'administration', says: 'An automatic reply was removed.' },
} as const satisfies ServiceEventCatalogue

/** The name of an event. */
export type InboxEventName = keyof typeof inboxEvents
