import { RepositoryError } from './model.ts'

const word = /^[A-Za-z0-9][A-Za-z0-9._-]*$/

/** Where everything of one system lies; the names are part of the format. */
export interface RepositoryPaths {
  readonly all: string
  readonly backups: string
  readonly wal: string
  readonly epochs: string
  readonly filesets: string
  manifest(backup: string): string
  archiveObject(backup: string, archive: string, index: number): string
  databaseManifest(backup: string): string
  segment(segment: string): string
  tail(segment: string, from: number, to: number): string
  history(timeline: number): string
  file(address: string, index: number): string
  fileset(name: string): string
  epochNote(epoch: string): string
  sidecars(epoch: string): string
  sidecar(epoch: string, version: number): string
}

const digits = (value: number, length: number): string => String(value).padStart(length, '0')
const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0')

/** The paths of a system, whose identifier is decimal. */
export function repositoryPaths(system: string): RepositoryPaths {
  if (!/^[0-9]{1,20}$/.test(system)) throw new Error('a system identifier is a decimal number')
  const wal = (segment: string): string => `${system}/wal/${segment.slice(0, 8)}/${segment}`
  return {
    all: `${system}/`,
    backups: `${system}/backups/`,
    wal: `${system}/wal/`,
    epochs: `${system}/epochs/`,
    filesets: `${system}/filesets/`,
    manifest: (backup) => `${system}/backups/${backup}/manifest.note`,
    archiveObject: (backup, archive, index) =>
      `${system}/backups/${backup}/${archive}/${digits(index, 6)}.obj`,
    databaseManifest: (backup) => `${system}/backups/${backup}/backup_manifest.obj`,
    segment: (segment) => `${wal(segment)}.obj`,
    tail: (segment, from, to) => `${wal(segment)}/${hex(from)}-${hex(to)}.tail`,
    history: (timeline) => `${system}/wal/${hex(timeline)}.history.obj`,
    file: (address, index) => `${system}/files/${address}${index === 0 ? '' : `-${digits(index, 6)}`}.obj`,
    fileset: (name) => `${system}/filesets/${name}.note`,
    epochNote: (epoch) => `${system}/epochs/${epoch}/epoch.note`,
    sidecars: (epoch) => `${system}/epochs/${epoch}/`,
    sidecar: (epoch, version) => `${system}/epochs/${epoch}/${digits(version, 4)}.age`,
  }
}

/** Refuses a path that a store could read as another place. */
export function requirePath(system: string, path: string): void {
  const parts = path.split('/')
  if (parts[0] !== system || parts.length < 2 || path.length > 500 || !parts.every((part) => word.test(part)))
    throw new RepositoryError('foreign', path)
}

/** What a path below `SYSTEM/wal/` names, or null for another object. */
export function readWalPath(
  system: string,
  path: string,
):
  | { readonly kind: 'segment'; readonly segment: string }
  | { readonly kind: 'tail'; readonly segment: string; readonly from: number; readonly to: number }
  | { readonly kind: 'history'; readonly timeline: number }
  | null {
  const rest = path.startsWith(`${system}/wal/`) ? path.slice(system.length + 5) : ''
  const history = /^([0-9A-F]{8})\.history\.obj$/.exec(rest)
  if (history?.[1] !== undefined) return { kind: 'history', timeline: Number.parseInt(history[1], 16) }
  const match = /^([0-9A-F]{8})\/(\1[0-9A-F]{16})(?:\.obj|\/([0-9A-F]{8})-([0-9A-F]{8})\.tail)$/.exec(rest)
  const [, , segment, from, to] = match ?? []
  if (segment === undefined) return null
  if (from === undefined || to === undefined) return { kind: 'segment', segment }
  return { kind: 'tail', segment, from: Number.parseInt(from, 16), to: Number.parseInt(to, 16) }
}

/** The moment as names carry it: `YYYYMMDDTHHMMSSZ`. */
export function stampOf(moment: Date): string {
  return `${moment.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** Whether a backup's name is one, for its kind. */
export function isBackupName(name: string, kind: 'full' | 'incremental'): boolean {
  return /^\d{8}T\d{6}Z-(?:full|incr)$/.test(name) && name.endsWith(kind === 'full' ? '-full' : '-incr')
}
