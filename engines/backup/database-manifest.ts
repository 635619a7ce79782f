import { createHash, hash } from 'node:crypto'
import { crc32c } from './crc32c.ts'
import type { SummedFiles } from './summed-files.ts'
import { staysInside } from './tar.ts'

/** A file of the cluster as `backup_manifest` names it; incremental ones by their own name and bytes. */
export interface DatabaseFile {
  readonly path: string
  readonly bytes: number
  readonly algorithm: 'CRC32C' | 'SHA224' | 'SHA256' | 'SHA384' | 'SHA512' | 'NONE'
  /** Hexadecimal as written; empty for NONE. */
  readonly checksum: string
}

/** PostgreSQL's `backup_manifest`. */
export interface DatabaseManifest {
  /** Null before PostgreSQL 17. */
  readonly system: string | null
  readonly files: ReadonlyMap<string, DatabaseFile>
  readonly walRanges: readonly {
    readonly timeline: number
    readonly startLsn: string
    readonly endLsn: string
  }[]
}

/** A `backup_manifest` that is none, or a file that is not as it says; `path` names the file. */
export class DatabaseManifestError extends Error {
  override readonly name = 'DatabaseManifestError'
  readonly path: string

  constructor(path: string, why: string) {
    super(`${path}: ${why}`)
    this.path = path
  }
}

const ownName = 'backup_manifest'

type Fields = Readonly<Record<string, unknown>>

/** Reads `backup_manifest`, whose last line is the SHA-256 of everything before it. */
export function readDatabaseManifest(bytes: Buffer): DatabaseManifest {
  const fields = parsed(bytes)
  const at = bytes.lastIndexOf('"Manifest-Checksum"')
  const checksum = fields['Manifest-Checksum']
  if (at < 0 || checksum !== hash('sha256', bytes.subarray(0, at), 'hex')) throw wrong('its checksum differs')
  const version = fields['PostgreSQL-Backup-Manifest-Version']
  if (version !== 1 && version !== 2) throw wrong('its version is not known')
  const files = new Map<string, DatabaseFile>()
  for (const one of listOf(fields['Files'])) {
    const file = readFile(one)
    if (files.has(file.path)) throw wrong('it names a file twice')
    files.set(file.path, file)
  }
  // The number is larger than JSON.parse keeps.
  const [, system = null] =
    /^"System-Identifier": ([0-9]{1,20}),$/m.exec(bytes.toString('latin1', 0, 200)) ?? []
  return { system, files, walRanges: listOf(fields['WAL-Ranges']).map(readRange) }
}

function wrong(why: string): DatabaseManifestError {
  return new DatabaseManifestError(ownName, why)
}

function parsed(bytes: Buffer): Fields {
  try {
    const value = JSON.parse(bytes.toString()) as unknown
    if (typeof value === 'object' && value !== null) return value as Fields
  } catch {
    throw wrong('it is no JSON')
  }
  throw wrong('it is no JSON object')
}

function listOf(value: unknown): readonly Fields[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'object' && one !== null))
    throw wrong('a list is missing')
  return value as readonly Fields[]
}

function readFile(fields: Fields): DatabaseFile {
  const encoded = fields['Encoded-Path']
  const path = typeof encoded === 'string' ? Buffer.from(encoded, 'hex').toString() : fields['Path']
  const bytes = fields['Size']
  const algorithm = (fields['Checksum-Algorithm'] ?? 'NONE') as DatabaseFile['algorithm']
  const checksum = fields['Checksum'] ?? ''
  if (typeof path !== 'string' || !staysInside(path)) throw wrong('a path is not inside of the cluster')
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0) throw wrong(`the size of ${path} is none`)
  if (!['CRC32C', 'SHA224', 'SHA256', 'SHA384', 'SHA512', 'NONE'].includes(algorithm))
    throw wrong(`the checksum of ${path} is of no known kind`)
  if (typeof checksum !== 'string' || !/^(?:[0-9a-f]{2})*$/.test(checksum))
    throw wrong(`the checksum of ${path} is none`)
  return { path, bytes: bytes as number, algorithm, checksum }
}

function readRange(fields: Fields): DatabaseManifest['walRanges'][number] {
  const { Timeline: timeline, 'Start-LSN': startLsn, 'End-LSN': endLsn } = fields
  const lsn = /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/
  if (!Number.isSafeInteger(timeline) || typeof startLsn !== 'string' || typeof endLsn !== 'string')
    throw wrong('a range of the log is incomplete')
  if (!lsn.test(startLsn) || !lsn.test(endLsn)) throw wrong('a range of the log is none')
  return { timeline: timeline as number, startLsn, endLsn }
}

/** Compares files with a manifest as they flow past. */
export interface FileChecker {
  begin(path: string, bytes: number): void
  data(bytes: Buffer): void
  end(): void
  /** Throws with the first file that the manifest names and that did not come. */
  complete(): void
}

/**
 * Compares sizes, and checksums unless `sizesOnly`; throws `DatabaseManifestError` at the first file that differs. With `sums`,
 * CRC-32C is compared there: whoever hands memory over to them hears of a file that differs, and has to wait for it.
 */
export function fileChecker(
  manifest: DatabaseManifest,
  sizesOnly: boolean,
  sums?: Pick<SummedFiles, 'part' | 'end'>,
): FileChecker {
  const missing = new Set(manifest.files.keys())
  let file: DatabaseFile | null = null
  let digest: Digest | null = null
  return {
    begin: (path, bytes) => {
      const named = manifest.files.get(path)
      if (named === undefined)
        throw new DatabaseManifestError(path, 'the manifest of the backup does not name it')
      if (named.bytes !== bytes)
        throw new DatabaseManifestError(path, `it has ${bytes} bytes instead of ${named.bytes}`)
      file = named
      digest = sizesOnly || named.algorithm === 'NONE' ? null : digestOf(named.algorithm, sums)
    },
    data: (bytes) => digest?.update(bytes),
    end: () => {
      if (file === null) return
      const { path, checksum } = file
      digest?.end((hex) => {
        if (hex !== checksum) throw new DatabaseManifestError(path, 'its checksum differs')
      })
      missing.delete(path)
      file = null
    },
    complete: () => {
      const [first] = missing
      if (first !== undefined) throw new DatabaseManifestError(first, 'it is missing from the backup')
    },
  }
}

interface Digest {
  update(bytes: Buffer): void
  end(told: (hex: string) => void): void
}

function digestOf(
  algorithm: Exclude<DatabaseFile['algorithm'], 'NONE'>,
  sums: Pick<SummedFiles, 'part' | 'end'> | undefined,
): Digest {
  if (algorithm !== 'CRC32C') {
    const sha = createHash(algorithm.toLowerCase())
    return { update: (bytes) => void sha.update(bytes), end: (told) => told(sha.digest('hex')) }
  }
  if (sums !== undefined) return { update: sums.part, end: (told) => sums.end((crc) => told(crcHex(crc))) }
  let crc = 0
  return {
    update: (bytes) => {
      crc = crc32c(bytes, crc)
    },
    end: (told) => told(crcHex(crc)),
  }
}

/** PostgreSQL writes the bytes of the number as they lie in memory. */
function crcHex(crc: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(crc)
  return bytes.toString('hex')
}
