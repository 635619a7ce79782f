import assert from 'node:assert/strict'
import { test } from 'node:test'
import { directives } from './directives.ts'
import { assertRefused, programOf } from './sample.fixture.ts'

const settings = (text: string) => programOf(text).settings

test('without directives the recommended settings hold, and rules only look', () => {
  const assumed = settings('')
  assert.equal(assumed.engine, 'DetectionOnly')
  assert.equal(assumed.requestBodyBytesMax, 13_107_200)
  assert.equal(assumed.requestBodyLimitAction, 'Reject')
  assert.deepEqual(assumed.responseMimeTypes, ['text/plain', 'text/html', 'text/xml'])
  assert.equal(assumed.host.size, 0)
})

test('directives become settings', () => {
  const said = settings(`SecRuleEngine on
    SecRequestBodyAccess Off
    SecRequestBodyLimit 100
    SecRequestBodyNoFilesLimit 50
    SecRequestBodyLimitAction ProcessPartial
    SecRequestBodyJsonDepthLimit 9
    SecArgumentsLimit 8
    SecArgumentSeparator ";"
    SecCookieFormat 1
    SecUploadFileLimit 7
    SecResponseBodyAccess Off
    SecResponseBodyLimit 200
    SecResponseBodyLimitAction Reject
    SecXmlExternalEntity Off
    SecParseXmlIntoArgs OnlyArgs
    SecCollectionTimeout 600
    SecWebAppId shop
    SecAuditEngine Off
    SecAuditLogParts ABZ
    SecAuditLogRelevantStatus "^5"
    SecComponentSignature one/1
    SecComponentSignature "two/2"`)
  assert.deepEqual(said, {
    engine: 'On',
    requestBodyAccess: false,
    requestBodyBytesMax: 100,
    requestBodyNoFilesBytesMax: 50,
    requestBodyLimitAction: 'ProcessPartial',
    requestBodyJsonDepthMax: 9,
    argumentsMax: 8,
    argumentSeparator: ';',
    cookieFormat: 1,
    uploadFilesMax: 7,
    responseBodyAccess: false,
    responseBodyBytesMax: 200,
    responseBodyLimitAction: 'Reject',
    responseMimeTypes: ['text/plain', 'text/html', 'text/xml'],
    xmlExternalEntity: false,
    parseXmlIntoArgs: 'OnlyArgs',
    collectionSeconds: 600,
    webAppId: 'shop',
    auditEngine: 'Off',
    auditParts: 'ABZ',
    auditRelevantStatus: '^5',
    componentSignatures: ['one/1', 'two/2'],
    host: new Map(),
  })
})

test('media types are named anew, then added to, and can be cleared', () => {
  const types = (text: string) => settings(text).responseMimeTypes
  assert.deepEqual(types('SecResponseBodyMimeType a/b C/d\nSecResponseBodyMimeType e/f'), [
    'a/b',
    'c/d',
    'e/f',
  ])
  assert.deepEqual(types('SecResponseBodyMimeTypesClear'), [])
  assert.deepEqual(types('SecResponseBodyMimeTypesClear\nSecResponseBodyMimeType a/b'), ['a/b'])
})

test('values that do not fit are refused', () => {
  for (const text of [
    'SecRuleEngine Maybe',
    'SecRuleEngine',
    'SecRuleEngine On On',
    'SecRequestBodyLimit -1',
    'SecRequestBodyLimit 1e3',
    'SecRequestBodyLimit 99999999999999999999',
    'SecArgumentSeparator ""',
    'SecCookieFormat 2',
    'SecAuditLogParts 7',
    'SecResponseBodyMimeType',
    'SecResponseBodyMimeTypesClear x',
  ]) {
    assertRefused(text, 'syntax')
  }
  for (const name of ['SecXmlExternalEntity', 'SecHashEngine', 'SecPdfProtect']) {
    assertRefused(`${name} On`, 'directive-refused')
    assert.equal(settings(`${name} Off`).engine, 'DetectionOnly')
  }
})

test('what concerns the host is kept as written', () => {
  const { host } = settings(
    'secauditlog /var/log/a.log\nSecUnicodeMapFile unicode.mapping 20127\nSecTmpDir "/t m p"',
  )
  assert.deepEqual(
    host,
    new Map([
      ['SecAuditLog', ['/var/log/a.log']],
      ['SecUnicodeMapFile', ['unicode.mapping', '20127']],
      ['SecTmpDir', ['/t m p']],
    ]),
  )
})

test('every directive of the reference manual is known', () => {
  const manual = `SecAction SecArgumentSeparator SecArgumentsLimit SecAuditEngine SecAuditLog SecAuditLog2 SecAuditLogDirMode
    SecAuditLogFileMode SecAuditLogFormat SecAuditLogParts SecAuditLogRelevantStatus SecAuditLogStorageDir
    SecAuditLogType SecCacheTransformations SecChrootDir SecCollectionTimeout SecComponentSignature SecConnEngine
    SecConnReadStateLimit SecConnWriteStateLimit SecContentInjection SecCookieFormat SecCookieV0Separator SecDataDir
    SecDebugLog SecDebugLogLevel SecDefaultAction SecDisableBackendCompression SecGeoLookupDb SecGsbLookupDb
    SecGuardianLog SecHashEngine SecHashKey SecHashMethodPm SecHashMethodRx SecHashParam SecHttpBlKey SecInterceptOnError
    SecMarker SecParseXmlIntoArgs SecPcreMatchLimit SecPcreMatchLimitRecursion SecPdfProtect SecPdfProtectMethod
    SecPdfProtectSecret SecPdfProtectTimeout SecPdfProtectTokenName SecReadStateLimit SecRemoteRules
    SecRemoteRulesFailAction SecRequestBodyAccess SecRequestBodyInMemoryLimit SecRequestBodyJsonDepthLimit
    SecRequestBodyLimit SecRequestBodyLimitAction SecRequestBodyNoFilesLimit SecResponseBodyAccess SecResponseBodyLimit
    SecResponseBodyLimitAction SecResponseBodyMimeType SecResponseBodyMimeTypesClear SecRule SecRuleEngine
    SecRuleInheritance SecRulePerfTime SecRuleRemoveById SecRuleRemoveByMsg SecRuleRemoveByTag SecRuleScript
    SecRuleUpdateActionById SecRuleUpdateTargetById SecRuleUpdateTargetByMsg SecRuleUpdateTargetByTag SecSensorId
    SecServerSignature SecStatusEngine SecStreamInBodyInspection SecStreamOutBodyInspection SecTmpDir
    SecTmpSaveUploadedFiles SecUnicodeCodePage SecUnicodeMapFile SecUploadDir SecUploadFileLimit SecUploadFileMode
    SecUploadKeepFiles SecWebAppId SecWriteStateLimit SecXmlExternalEntity`
  const unknown = manual.split(/\s+/).filter((name) => directives.get(name.toLowerCase())?.name !== name)
  assert.deepEqual(unknown, [])
})
