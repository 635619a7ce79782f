import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'

/** The files of a Core Rule Set in their order, its setup first where it has one; `folder` is a release unpacked. */
export function coreRuleSetPaths(folder: string): readonly string[] {
  const setup = ['crs-setup.conf', 'crs-setup.conf.example']
    .map((name) => join(folder, name))
    .find((path) => existsSync(path))
  return [...(setup === undefined ? [] : [setup]), ...globSync(join(folder, 'rules', '*.conf')).toSorted()]
}
