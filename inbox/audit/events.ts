import type { ServiceEventCatalogue } from '#client'

/** Every event that Instant Reply leaves in the audit log; names never change their meaning. */
export const inboxEvents = {
  'channel.created': { kind: 'administration', says: 'a channel was connected' },
  'channel.changed': { kind: 'administration', says: 'a channel or its secrets were changed' },
  'channel.deleted': { kind: 'administration', says: 'a channel was removed with what it held' },
  'channel.broken': { kind: 'system', says: 'the provider refused the credentials of a channel' },
  'channel.delivery-refused': {
    kind: 'security',
    says: 'deliveries to a channel were refused before anything was read',
  },
  'contact.created': { kind: 'data', says: 'a contact wrote for the first time' },
  'contact.identified': { kind: 'data', says: 'another name of a contact became known' },
  'contact.opted-out': { kind: 'data', says: 'a contact asked not to be written to automatically' },
  'contact.opted-in': { kind: 'data', says: 'a contact asked to be written to again' },
  'contact.blocked': { kind: 'data', says: 'a contact was blocked' },
  'contact.unblocked': { kind: 'data', says: 'a contact is no longer blocked' },
  'contact.workspace-purged': { kind: 'data', says: 'everything held for a removed workspace was deleted' },
  'conversation.opened': { kind: 'data', says: 'a conversation began' },
  'conversation.listed': { kind: 'data', says: 'a list of conversations with contact names was read' },
  'conversation.read': { kind: 'data', says: 'messages and contact data of a conversation were read' },
  'conversation.taken-over': { kind: 'data', says: 'a person took a conversation from the rules' },
  'conversation.released': { kind: 'data', says: 'a conversation was given back to the rules' },
  'conversation.closed': { kind: 'data', says: 'a conversation was closed' },
  'message.received': { kind: 'data', says: 'a message was stored' },
  'message.queued': { kind: 'data', says: 'a message passed the gate and is on its way' },
  'message.sent': { kind: 'data', says: 'the provider took a message' },
  'message.failed': { kind: 'data', says: 'a message could not be delivered and was given up' },
  'message.quarantined': { kind: 'system', says: 'a delivery could not be worked on and was set aside' },
  'message.expired': { kind: 'system', says: 'raw deliveries past their time were deleted' },
  'gate.refused': { kind: 'data', says: 'a message was not allowed out' },
  'rule.created': { kind: 'administration', says: 'an automatic reply was made' },
  'rule.changed': { kind: 'administration', says: 'an automatic reply was changed' },
  'rule.deleted': { kind: 'administration', says: 'an automatic reply was removed' },
} as const satisfies ServiceEventCatalogue

/** The name of an event. */
export type InboxEventName = keyof typeof inboxEvents
