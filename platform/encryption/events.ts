import { declareEvents } from '../kernel/event.ts'

/** What happens to keys; ids and version numbers only, so all but the probe stand open in the ledger. Policy 2.3-b. */
export const encryptionEvents = declareEvents({
  'key.created': {
    kind: 'administration',
    says: 'The first keys of a tenant, or the key of a person, were made.',
    open: true,
  },
  'key.opened': {
    kind: 'security',
    says: 'The platform unwrapped the keys of a tenant for its own use.',
    open: true,
  },
  'key.rotated': { kind: 'administration', says: 'A tenant got the next data key.', open: true },
  'key.released': {
    kind: 'security',
    says: 'The keys of a tenant, or of some of its persons, were handed to the protected service; `made` of them are new.',
    open: true,
  },
  'key.destroyed': {
    kind: 'administration',
    says: 'Every key of a tenant, or that of one person, is destroyed; what was sealed with it is lost for good.',
    open: true,
  },
  'person.erased': {
    kind: 'data',
    says: 'Somebody asked that a person of the protected service is forgotten; the key of all that is held of them is destroyed.',
  },
  'key.retired': {
    kind: 'administration',
    says: 'A version of a key that nothing was sealed with any more was destroyed.',
    open: true,
  },
  'keyring.copied': { kind: 'system', says: 'A sealed copy of the keyring was stored.', open: true },
  'key.escrowed': {
    kind: 'administration',
    says: 'A copy of the local root key was sealed for escrow.',
    open: true,
  },
  'key.failed': { kind: 'security', says: 'A use of keys that was announced came to nothing.', open: true },
  'key.probed': { kind: 'system', says: 'A check sealed a canary.' },
  'root.observed': {
    kind: 'system',
    says: 'The root key was asked how it is, and whether somebody changed who may use it.',
    open: true,
  },
  'root.rotated': {
    kind: 'administration',
    says: 'The root key gets its next version, and every key is wrapped anew.',
    open: true,
  },
  'root.replaced': {
    kind: 'administration',
    says: 'Another root key wraps from now on, and every key moves under it.',
    open: true,
  },
  'root.unexplained': {
    kind: 'security',
    says: 'The keeper of the root key logged uses that nobody here made, or lacks uses that were made here.',
    open: true,
  },
  'secret.set': { kind: 'administration', says: 'A secret of the product was stored.', open: true },
  'secret.rotated': { kind: 'administration', says: 'A secret of the product was replaced.', open: true },
  'secret.removed': { kind: 'administration', says: 'A secret of the product was removed.', open: true },
  'host.enrolled': {
    kind: 'administration',
    says: 'A server was added to those that report their disks.',
    open: true,
  },
  'host.retired': { kind: 'administration', says: 'A server is no longer expected to report.', open: true },
  'host.reported': { kind: 'system', says: 'A server reported how its disks are encrypted.', open: true },
})
