import { resolve } from 'node:path'
import { z } from './schema.ts'

const folder = z
  .string()
  .min(1)
  .transform((path) => resolve(path))

/** Settings of backups: where they lie and whose keys open them. */
export const backupSettings = {
  SURETY_BACKUPS: {
    type: folder,
    fallback: './backups',
    says: 'Folder for backups where `BACKUP_STORES` names no stores: `region-a` and `region-b` in it stand in for two regions. Never inside `SURETY_VAR`; better on another disk.',
  },
  BACKUP_STORES: {
    type: z.string(),
    fallback: '',
    says: 'Stores of backups, at least two in different regions, separated by commas: `eu-central=s3://BUCKET/PREFIX?region=eu-central-1`, where needed with `s3://ID:SECRET@BUCKET`, `&endpoint=https://…` of another service and `&country=DE`; or `site-b=file:///mnt/backups`. Buckets have Object Lock. Empty: two folders in `SURETY_BACKUPS`.',
  },
  BACKUP_RESIDENCY: {
    type: z
      .string()
      .regex(/^(([A-Z]{2}|[a-z][a-z0-9-]*)(,(?=.)|$))*$/)
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Where backups may lie: ISO 3166 codes of countries and names of regions, separated by commas, such as `DE,IE`. A store elsewhere is refused. Empty: anywhere.',
  },
  SURETY_RECOVERY_KEYS: {
    type: folder,
    fallback: './recovery-keys',
    says: 'Folder with the private keys that open backups, made at the first start. It belongs on another machine; without it backups are made, and drills and restores cannot run here.',
  },
  BACKUP_ESCROW: {
    type: z
      .string()
      .regex(/^(age1pq1[02-9ac-hj-np-z]+(,(?=.)|$))*$/)
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Further keys that can open every backup, such as one in a safe: post-quantum recipients of age 1.3 (`age-keygen -pq`), separated by commas.',
  },
  PG_BIN: {
    type: z.union([z.literal(''), folder]),
    fallback: '',
    says: 'Folder with the programs of the PostgreSQL that backups are of, such as `/usr/lib/postgresql/18/bin`; restores start it. Empty: the embedded PostgreSQL 18.',
  },
} as const

const OTHERS = ['SURETY_VAR', 'SURETY_KEYS', 'SURETY_BACKUPS'] as const

/** The keys that open backups lie with nothing that they are to outlive, or to open. Policy 6.1-d. */
export function recoveryKeysApart(
  config: Readonly<Record<(typeof OTHERS)[number] | 'SURETY_RECOVERY_KEYS', string>>,
): string[] {
  return OTHERS.filter((other) => `${config.SURETY_RECOVERY_KEYS}/`.startsWith(`${config[other]}/`)).map(
    (other) => `SURETY_RECOVERY_KEYS: lies inside ${other}; the keys of backups have a folder of their own`,
  )
}
