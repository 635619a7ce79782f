/** Changing objects of a repository where they lie, for as long as somebody looks. */
import { chmod, cp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecoveryWorld } from '../../platform/recovery/restore/world.fixture.ts'

/** The folder of a region's objects. */
export const inRegion = (world: RecoveryWorld, region: string): string =>
  join(world.settings.SURETY_BACKUPS, region, 'objects')

/** Every object of one kind, below the folder of a region. */
export async function objectsLike(world: RecoveryWorld, region: string, like: RegExp): Promise<string[]> {
  const entries = await readdir(inRegion(world, region), { recursive: true })
  return entries.filter((path) => like.test(path)).toSorted()
}

/** One way of changing an object where it lies. */
export type Damage = (file: string, world: RecoveryWorld) => Promise<void>

/** One bit in the middle. */
export const flip: Damage = async (file) => {
  const bytes = await readFile(file)
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
  await writeFile(file, bytes)
}
/** The last bytes are missing. */
export const cut: Damage = async (file) => truncate(file, (await stat(file)).size - 7)
/** The object of another place in the same repository: sealed by the same system, under the same key. */
export const swap: Damage = async (file, world) => {
  const [other = ''] = await objectsLike(world, 'region-b', /-full\/backup_manifest\.obj$/)
  await rm(file)
  await cp(join(inRegion(world, 'region-b'), other), file)
}

/** Damages the newest object of a kind in these regions for as long as `work` takes. */
export async function damaged(
  { world }: { readonly world: RecoveryWorld },
  like: RegExp,
  regions: readonly string[],
  damage: Damage,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const undo: (() => Promise<void>)[] = []
  for (const region of regions) {
    const path = (await objectsLike(world, region, like)).at(-1)
    if (path === undefined) throw new Error(`there is no object like ${like.source} in ${region}`)
    const file = join(inRegion(world, region), path)
    const before = await readFile(file)
    await chmod(file, 0o600)
    await damage(file, world)
    undo.push(async () => {
      await rm(file, { force: true })
      await writeFile(file, before, { mode: 0o400 })
    })
  }
  try {
    return await work()
  } finally {
    for (const one of undo) await one()
  }
}
