import { z } from './schema.ts'

const httpUrl = z.url({ protocol: /^https?$/ })
/** `local-file`, `aws-kms:…`, `vault:…` or `pkcs11:…`. */
const ROOT = '(local-file|aws-kms:[\\w:/.-]{1,400}|vault:[\\w.-]{1,200}|pkcs11:[\\w .-]{1,200})'

/** Settings of the root key that wraps every tenant's keys. Policy 2.2-d. */
export const rootSettings = {
  SURETY_MODE: {
    type: z.enum(['development', 'production']),
    fallback: 'development',
    says: 'What this installation is for; `production` refuses what only stands in for the real thing, unless it is acknowledged.',
  },
  KEY_ROOT: {
    type: z.string().regex(new RegExp(`^${ROOT}$`)),
    fallback: 'local-file',
    says: 'The root key that wraps all others: `local-file`, `aws-kms:ARN-or-alias`, `vault:NAME` (Vault or OpenBao transit) or `pkcs11:LABEL`; see docs/keys.md.',
  },
  KEY_ROOT_BEFORE: {
    type: z
      .string()
      .regex(new RegExp(`^(${ROOT}(,${ROOT})*)?$`))
      .transform((list) => (list === '' ? [] : list.split(','))),
    fallback: '',
    says: 'Former root keys that still open what they wrapped, separated by commas; `surety keys root` says when none is needed any more.',
  },
  LOCAL_ROOT: {
    type: z.enum(['', 'acknowledged']),
    fallback: '',
    says: '`acknowledged`: a root key in a local file is accepted in production mode.',
  },
  LOCAL_ROOT_PASSPHRASE: {
    type: z.string(),
    fallback: '',
    says: 'File, outside of the folders for keys and data, with the passphrase that seals the local root key, or the name of a systemd credential; empty: it is not sealed.',
  },
  CREDENTIALS_DIRECTORY: {
    type: z.string(),
    fallback: '',
    says: 'Folder with credentials; set by systemd for services with `LoadCredential=`.',
  },
  KMS_API_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Where AWS KMS is asked; empty: the public address of the region.',
  },
  KMS_TRAIL: {
    type: z.enum(['cloudtrail', 'no']),
    fallback: 'cloudtrail',
    says: 'With which log of AWS uses of a root key in AWS KMS are compared; `no`: with none, which clause 2.3-b says.',
  },
  CLOUDTRAIL_API_URL: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Where AWS CloudTrail is asked; empty: the public address of the region.',
  },
  VAULT_ADDR: {
    type: z.union([z.literal(''), httpUrl]),
    fallback: '',
    says: 'Address of the Vault or OpenBao server, e.g. `https://vault.internal:8200`.',
  },
  VAULT_TOKEN_FILE: {
    type: z.string(),
    fallback: '',
    says: 'File with the token for it, read at every call.',
  },
  VAULT_NAMESPACE: {
    type: z.string().regex(/^[\w./-]*$/),
    fallback: '',
    says: 'Namespace there; empty: none.',
  },
  VAULT_CA: {
    type: z.string(),
    fallback: '',
    says: 'PEM file of a private authority that signed its certificate; empty: those that every system knows.',
  },
  VAULT_MOUNT: {
    type: z.string().regex(/^[\w.-]+(\/[\w.-]+)*$/),
    fallback: 'transit',
    says: 'Where its transit engine is mounted.',
  },
  VAULT_AUDIT_LOG: {
    type: z.string(),
    fallback: '',
    says: 'Log file of an audit device of it, if it can be read here: uses of the root key are compared with it.',
  },
  PKCS11_LIBRARY: {
    type: z.string(),
    fallback: '',
    says: 'Shared library of the device’s maker, e.g. `/usr/lib/softhsm/libsofthsm2.so`.',
  },
  PKCS11_TOKEN: { type: z.string(), fallback: '', says: 'Label of the token that holds the key.' },
  PKCS11_PIN_FILE: { type: z.string(), fallback: '', says: 'File with its PIN.' },
  PKCS11_PACKAGE: {
    type: z.string().min(1),
    fallback: 'pkcs11js',
    says: 'The npm package `pkcs11js`, which does not come along: its name where it is installed, or the path of its `index.js`.',
  },
} as const satisfies Record<string, { type: z.ZodType; fallback: string; says: string }>

/** Settings of root keys, parsed. */
export type RootConfig = {
  readonly [Name in keyof typeof rootSettings]: z.output<(typeof rootSettings)[Name]['type']>
}

/** What each kind of root key needs besides its name. */
const NEEDS: readonly (readonly [string, readonly (keyof RootConfig)[]])[] = [
  ['vault:', ['VAULT_ADDR', 'VAULT_TOKEN_FILE']],
  ['pkcs11:', ['PKCS11_LIBRARY', 'PKCS11_TOKEN', 'PKCS11_PIN_FILE']],
]

/** Which settings of root keys contradict each other. */
export function rootContradictions(config: RootConfig, awsRegion: string): string[] {
  const named = [config.KEY_ROOT, ...config.KEY_ROOT_BEFORE]
  const of = (kind: string): boolean => named.some((root) => root.startsWith(kind))
  const missing = NEEDS.flatMap(([kind, names]) =>
    of(kind) ? names.filter((name) => config[name] === '') : [],
  )
  const inArn = named.every(
    (root) => !root.startsWith('aws-kms:') || /^aws-kms:arn:[^:]*:kms:[^:]+:/.test(root),
  )
  return [
    ...missing.map((name) => `${name}: needed by the root key. ${rootSettings[name].says}`),
    ...(inArn || awsRegion !== ''
      ? []
      : ['AWS_REGION: needed by a root key in AWS KMS that is not named by its ARN']),
    ...(config.SURETY_MODE === 'production' && config.KEY_ROOT === 'local-file' && config.LOCAL_ROOT === ''
      ? [
          'LOCAL_ROOT: in production mode the root key is kept by AWS KMS, Vault or a device (KEY_ROOT); `acknowledged` accepts one in a local file all the same',
        ]
      : []),
    ...(config.KEY_ROOT_BEFORE.includes(config.KEY_ROOT)
      ? ['KEY_ROOT_BEFORE: names the root key that is in use (KEY_ROOT)']
      : []),
  ]
}
