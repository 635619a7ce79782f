import type { Store } from './store.ts'

/** Where stores that are no tables lie. */
export type Root =
  | 'SURETY_VAR'
  | 'SURETY_KEYS'
  | 'SURETY_KEYRING'
  | 'SURETY_BACKUPS'
  | 'SURETY_RECOVERY_KEYS'
  | 'SURETY_STANDBY'
  | 'temporary'

/** A store below one of the roots: the first name of its path, as a pattern. */
export interface Place extends Store {
  readonly root: Root
  readonly entry: RegExp
}

function place(
  root: Root,
  [shown, entry]: readonly [shown: string, entry: RegExp],
  rest: Omit<Store, 'name'>,
): Place {
  return { root, entry, name: `${root}/${shown}`, ...rest }
}

const notKept = (because: string) => ({ tier: 'not kept', because }) as const
const rebuilt = (because: string) => ({ tier: 'rebuilt', because }) as const
const critical = (because: string) => ({ tier: 'critical', because }) as const
const standard = (because: string) => ({ tier: 'standard', because }) as const
const apart = (because: string) => ({ tier: 'apart', because }) as const

const data: readonly Place[] = [
  place('SURETY_VAR', ['postgres', /^postgres(\.making)?$/], {
    kind: 'folder',
    says: 'files of the embedded database with its log; as root below a private home they lie in /var/lib/surety',
    holds: 'personal',
    encryption: 'sealed',
    backup: critical('every file of the cluster, every day, every hour and continuously'),
  }),
  place('SURETY_VAR', ['ledger', /^ledger$/], {
    kind: 'folder',
    says: 'the audit log as a public ledger: what is personal in it is sealed before it is written',
    holds: 'personal',
    encryption: 'sealed',
    backup: standard('its files with every backup, and every minute when they changed'),
  }),
  place('SURETY_VAR', ['outbox', /^outbox$/], {
    kind: 'folder',
    says: 'letters and text messages where nothing is sent, each file sealed',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('it stands in for delivery, and its messages are worth nothing later'),
  }),
  place('SURETY_VAR', ['log', /^log$/], {
    kind: 'log',
    says: 'lines of the programs and of the firewall, without names, addresses of mail, secrets and words of people',
    holds: 'operational',
    encryption: 'disk',
    backup: notKept('the audit log is what lasts; these lines help to find faults'),
  }),
  place('SURETY_VAR', ['run', /^run$/], {
    kind: 'folder',
    says: 'sockets and the lock of the running system',
    holds: 'operational',
    encryption: 'memory',
    backup: rebuilt('made at each start'),
  }),
  place('SURETY_VAR', ['rules', /^rules$/], {
    kind: 'cache',
    says: 'the firewall’s rules as they were fetched, with what was made from them',
    holds: 'public',
    encryption: 'public',
    backup: rebuilt('fetched again by their fingerprint'),
  }),
  place('SURETY_VAR', ['cache', /^cache$/], {
    kind: 'cache',
    says: 'compiled program text',
    holds: 'public',
    encryption: 'public',
    backup: rebuilt('compiled again'),
  }),
  place('SURETY_VAR', ['backup-parents', /^backup-parents$/], {
    kind: 'folder',
    says: 'names, sizes and checksums of the files of the newest backup, against which the next increment is made',
    holds: 'operational',
    encryption: 'disk',
    backup: rebuilt('the next full backup makes it anew'),
  }),
  place('SURETY_VAR', ['sites.json', /^(sites|servers)\.json(\..*)?$/], {
    kind: 'file',
    says: 'which of two databases is the first, and since when',
    holds: 'operational',
    encryption: 'disk',
    backup: notKept('it is about this machine and would be wrong on another'),
  }),
  place('SURETY_VAR', ['sandboxes', /^(sandboxes|proofs)$/], {
    kind: 'folder',
    says: 'restored copies of the database, to look into or to prove a backup, removed after a day; sealed as the data is',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('they come from a backup'),
  }),
  place('SURETY_VAR', ['backups', /^(backups|damaged-copy|restore-check|restored-.*)$/], {
    kind: 'folder',
    says: 'backups and copies of them that a check reads, sealed under keys of their own',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('they are the backup'),
  }),
]

const besides: readonly Place[] = [
  place('SURETY_BACKUPS', ['region', /^region-[a-z0-9-]+$/], {
    kind: 'folder',
    says: 'objects of the backups, each sealed under a key that only the recovery identity opens',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('they are the backup, and each region is the copy of the other'),
  }),
  place('SURETY_STANDBY', ['cluster', /^.*$/], {
    kind: 'folder',
    says: 'files of the second database, which follows the first and is sealed as that is',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('it is a copy of the first, which is backed up'),
  }),
  place('SURETY_KEYRING', ['cluster', /^.*$/], {
    kind: 'folder',
    says: 'files of the database of keys, each key wrapped under a root key that is kept elsewhere',
    holds: 'secret',
    encryption: 'wrapped',
    backup: apart('one file of its own, kept for 7 days'),
  }),
  place('SURETY_KEYS', ['*.key', /^[a-z0-9-]+\.key(\.[0-9a-f]{12})?$/], {
    kind: 'file',
    says: 'root key, signing keys and pepper of this machine, closed to other users',
    holds: 'secret',
    encryption: 'keys',
    backup: apart('by the operator, apart from the data; the root key also stands in the escrow'),
  }),
  place('SURETY_KEYS', ['*.pem', /^[a-z0-9-]+\.(pem|crl)$/], {
    kind: 'file',
    says: 'certificates, which every visitor is shown',
    holds: 'public',
    encryption: 'public',
    backup: rebuilt('issued again'),
  }),
  place('SURETY_KEYS', ['*-password', /^([a-z-]+-password|service\.token)$/], {
    kind: 'file',
    says: 'what programs of this machine show to each other, closed to other users',
    holds: 'secret',
    encryption: 'keys',
    backup: apart('by the operator, apart from the data'),
  }),
  place('SURETY_KEYS', ['backup-*.txt', /^backup-[a-z0-9-]+\.txt$/], {
    kind: 'file',
    says: 'public halves of the keys that open and sign backups',
    holds: 'public',
    encryption: 'public',
    backup: apart('by the operator, apart from the data'),
  }),
  place('SURETY_KEYS', ['ledger-anchor', /^ledger-anchor$/], {
    kind: 'file',
    says: 'the last size and root of the ledger, which are public',
    holds: 'public',
    encryption: 'public',
    backup: apart('by the operator, apart from the data'),
  }),
  place('SURETY_RECOVERY_KEYS', ['*.age', /^.*$/], {
    kind: 'file',
    says: 'the identity that opens backups; it belongs on another machine',
    holds: 'secret',
    encryption: 'keys',
    backup: apart('by the operator, on another machine'),
  }),
]

const temporary: readonly Place[] = [
  place('temporary', ['surety-HASH', /^surety-[0-9a-f]{12}$/], {
    kind: 'temporary',
    says: 'the socket of a database, and its first password until it runs',
    holds: 'operational',
    encryption: 'memory',
    backup: notKept('made at each start'),
  }),
  place('temporary', ['surety-run-HASH', /^surety-run-[0-9a-f]{12}$/], {
    kind: 'temporary',
    says: 'sockets of a system whose data folder has a long path',
    holds: 'operational',
    encryption: 'memory',
    backup: notKept('made at each start'),
  }),
  place('temporary', ['surety-probe-…', /^surety-probe-/], {
    kind: 'temporary',
    says: 'what a check plants in order to find it, for as long as it runs',
    holds: 'operational',
    encryption: 'disk',
    backup: notKept('random values of a check'),
  }),
  place('temporary', ['surety-migrations-…', /^surety-migrations-/], {
    kind: 'temporary',
    says: 'program text of migrations while a backup is restored',
    holds: 'public',
    encryption: 'public',
    backup: notKept('a copy of program text'),
  }),
  place('temporary', ['surety-restored-…', /^surety-restored-/], {
    kind: 'temporary',
    says: 'the socket of a server on a restored folder',
    holds: 'operational',
    encryption: 'memory',
    backup: notKept('made for each restore'),
  }),
]

/** Every store that is no table, below the folders of the settings and the temporary folder. */
export const placeStores: readonly Place[] = [...data, ...besides, ...temporary]

/** Stores outside of every folder and database of the product. */
export const otherStores: readonly Store[] = [
  {
    kind: 'cache',
    name: 'RATE_STORE_URL',
    says: 'counters of requests by client for a minute, in a Valkey or Redis of the operator that writes nothing to a disk',
    holds: 'personal',
    encryption: 'memory',
    backup: notKept('worth nothing after a minute'),
  },
  {
    kind: 'folder',
    name: 'BACKUP_STORES',
    says: 'buckets of the operator with the objects of the backups, sealed before they leave',
    holds: 'personal',
    encryption: 'sealed',
    backup: notKept('they are the backup, and each region is the copy of the other'),
  },
]
