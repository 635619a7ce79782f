import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { loadRules, readFromDisk, ruleFile, type EngineHost, type RuleFile, type RuleSet } from '#waf'
import { coreRuleSetPaths } from '../engines/waf/core-rule-set.fixture.ts'

/** Directives that come before the rules, for every engine alike. Rules of their own have the numbers 90001 to 90099. */
export const BASE = `SecRuleEngine On
SecRequestBodyAccess On
SecRequestBodyLimit 10485760
SecRequestBodyNoFilesLimit 262144
SecResponseBodyAccess On
SecResponseBodyMimeType text/plain text/html text/xml application/json
SecResponseBodyLimit 524288
SecAuditEngine Off
SecRule REQUEST_HEADERS:Content-Type "@rx ^application/json" \\
  "id:90001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"
`

/** The files of the Core Rule Set in their order: from `SURETY_RULES`, else from the public data; null without either. */
export function rulePaths(): readonly string[] | null {
  const { SURETY_RULES: own = '', SURETY_PUBLIC_DATA: data = '' } = process.env
  const folder = own === '' ? (data === '' ? '' : join(data, 'crs')) : own
  if (folder === '' || !existsSync(join(folder, 'rules'))) return null
  return coreRuleSetPaths(folder)
}

/** What to say where there are no rules. */
export const NO_RULES =
  '  skipped: neither SURETY_RULES nor SURETY_PUBLIC_DATA names a folder with the Core Rule Set'

/** The texts of rules, the base first. */
export function ruleTexts(paths: readonly string[]): readonly RuleFile[] {
  return [{ name: 'base.conf', text: BASE }, ...paths.map((path) => ruleFile(path))]
}

/** Loads rules with the engine. */
export function loadPaths(paths: readonly string[], host: Partial<EngineHost> = {}): RuleSet {
  return loadRules(ruleTexts(paths), { readFile: readFromDisk, ...host })
}
