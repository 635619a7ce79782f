import { settingReaders } from './settings.ts'

/** Directives that make, mark, change or bring in rules. */
export const RULE_DIRECTIVES = [
  'Include',
  'IncludeOptional',
  'SecAction',
  'SecDefaultAction',
  'SecMarker',
  'SecRule',
  'SecRuleRemoveById',
  'SecRuleRemoveByMsg',
  'SecRuleRemoveByTag',
  'SecRuleUpdateActionById',
  'SecRuleUpdateTargetById',
  'SecRuleUpdateTargetByMsg',
  'SecRuleUpdateTargetByTag',
] as const

/** A directive that makes, marks, changes or brings in rules. */
export type RuleDirective = (typeof RULE_DIRECTIVES)[number]

/** Directives that concern the program around the engine; kept as written. */
export const HOST_DIRECTIVES = [
  'SecAuditLog',
  'SecAuditLog2',
  'SecAuditLogDirMode',
  'SecAuditLogFileMode',
  'SecAuditLogFormat',
  'SecAuditLogStorageDir',
  'SecAuditLogType',
  'SecCacheTransformations',
  'SecCollectionGCFrequency',
  'SecConnEngine',
  'SecConnReadStateLimit',
  'SecConnWriteStateLimit',
  'SecContentInjection',
  'SecCookieV0Separator',
  'SecDataDir',
  'SecDebugLog',
  'SecDebugLogLevel',
  'SecDisableBackendCompression',
  'SecGeoLookupDb',
  'SecGsbLookupDb',
  'SecGuardianLog',
  'SecHttpBlKey',
  'SecInterceptOnError',
  'SecPcreMatchLimit',
  'SecPcreMatchLimitRecursion',
  'SecReadStateLimit',
  'SecRequestBodyInMemoryLimit',
  'SecRequestEncoding',
  'SecRuleInheritance',
  'SecRulePerfTime',
  'SecSensorId',
  'SecServerSignature',
  'SecStatusEngine',
  'SecStreamInBodyInspection',
  'SecStreamOutBodyInspection',
  'SecTmpDir',
  'SecTmpSaveUploadedFiles',
  'SecUnicodeCodePage',
  'SecUnicodeMapFile',
  'SecUploadDir',
  'SecUploadFileMode',
  'SecUploadKeepFiles',
  'SecWriteStateLimit',
] as const

const HASHES = 'links and forms in responses are not signed by this engine'
const PDF = 'documents are not guarded against their readers by this engine'
const REMOTE = 'rules are read from files alone, not fetched while they are loaded'

/** Directives that are known and not obeyed, with the reason. */
export const REFUSED_DIRECTIVES: Readonly<Record<string, string>> = {
  SecChrootDir: 'the engine does not change the root directory of its process',
  SecHashKey: HASHES,
  SecHashMethodPm: HASHES,
  SecHashMethodRx: HASHES,
  SecHashParam: HASHES,
  SecPdfProtectMethod: PDF,
  SecPdfProtectSecret: PDF,
  SecPdfProtectTimeout: PDF,
  SecPdfProtectTokenName: PDF,
  SecRemoteRules: REMOTE,
  SecRemoteRulesFailAction: REMOTE,
  SecRuleScript: 'scripts are not run',
}

/** What becomes of a directive. */
export type Standing =
  | { readonly kind: 'rules'; readonly name: RuleDirective }
  | { readonly kind: 'setting'; readonly name: string }
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'refused'; readonly name: string; readonly reason: string }

/** Every directive of the reference manual, by its name in lower case. */
export const directives: ReadonlyMap<string, Standing> = new Map<string, Standing>(
  [
    ...RULE_DIRECTIVES.map((name) => ({ kind: 'rules' as const, name })),
    ...[...settingReaders.values()].map(({ name }) => ({ kind: 'setting' as const, name })),
    ...HOST_DIRECTIVES.map((name) => ({ kind: 'host' as const, name })),
    ...Object.entries(REFUSED_DIRECTIVES).map(([name, reason]) => ({
      kind: 'refused' as const,
      name,
      reason,
    })),
  ].map((standing) => [standing.name.toLowerCase(), standing]),
)
