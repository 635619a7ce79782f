import { declareEvents } from '../kernel/event.ts'

/** The gateway's events. */
export const gatewayEvents = declareEvents({
  'access.denied': {
    kind: 'security',
    says: 'A known caller asked for something that its role or assurance does not allow.',
  },
  'block.added': {
    kind: 'security',
    says: 'Somebody had a client turned away at the gateway, for a time and for a reason.',
  },
  'block.lifted': {
    kind: 'security',
    says: 'Somebody ended such a block before its time.',
  },
  'elevation.used': {
    kind: 'security',
    says: 'Somebody did something that only an elevation allows; reading is recorded once a minute for each place.',
  },
  'firewall.changed': {
    kind: 'administration',
    says: 'The firewall loaded other rules or another reviewed file.',
  },
  'request.blocked': {
    kind: 'security',
    says: 'The firewall refused requests; recorded once a minute for each client and rule, with their number.',
  },
  'request.cross-site': {
    kind: 'security',
    says: 'A request that another site made in the name of a signed-in person was refused.',
  },
  'request.rate-limited': {
    kind: 'security',
    says: 'A client went over its rate of requests; recorded once a minute for each client.',
  },
})
