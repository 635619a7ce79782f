import type { Settings } from '../model.ts'
import { WafError, type Place } from '../waf-error.ts'
import { auditParts } from './control.ts'
import { integer, onOff, oneOf, refuse, type Owner } from './values.ts'

/** Settings while they are read. */
export type SettingsDraft = { -readonly [Key in keyof Settings]: Settings[Key] } & {
  readonly host: Map<string, readonly string[]>
  /** Whether a directive has already taken the place of the assumed media types. */
  mimeTypesSaid: boolean
}

/** How many arguments a directive takes, and what it does with them. */
export interface SettingReader {
  readonly name: string
  readonly max: number
  readonly read: (settings: SettingsDraft, words: readonly string[], owner: Owner) => void
}

const BODY_LIMIT_ACTIONS = ['Reject', 'ProcessPartial'] as const

/** What holds where no directive says otherwise: what ModSecurity recommends, and rules that only look. */
export function assumedSettings(): SettingsDraft {
  return {
    engine: 'DetectionOnly',
    requestBodyAccess: true,
    requestBodyBytesMax: 13_107_200,
    requestBodyNoFilesBytesMax: 131_072,
    requestBodyLimitAction: 'Reject',
    requestBodyJsonDepthMax: 512,
    argumentsMax: 1000,
    argumentSeparator: '&',
    cookieFormat: 0,
    uploadFilesMax: 100,
    responseBodyAccess: true,
    responseBodyBytesMax: 524_288,
    responseBodyLimitAction: 'ProcessPartial',
    responseMimeTypes: ['text/plain', 'text/html', 'text/xml'],
    xmlExternalEntity: false,
    parseXmlIntoArgs: 'Off',
    collectionSeconds: 3600,
    webAppId: 'default',
    auditEngine: 'RelevantOnly',
    auditParts: 'ABIJDEFHZ',
    auditRelevantStatus: '^(?:5|4(?!04))',
    componentSignatures: [],
    host: new Map(),
    mimeTypesSaid: false,
  }
}

const one = (
  name: string,
  read: (settings: SettingsDraft, word: string, owner: Owner) => void,
): SettingReader => ({
  name,
  max: 1,
  read: (settings, words, owner) => read(settings, words[0] ?? '', owner),
})

/** A switch that can only be off. */
const off = (name: string, reason: string): SettingReader =>
  one(name, (_settings, word, owner) => {
    if (onOff(word, owner)) throw new WafError('directive-refused', `${name} On: ${reason}`, owner.place)
  })

const bytes = (text: string, owner: Owner): number => integer(text, 0, Number.MAX_SAFE_INTEGER, owner)

const readers: readonly SettingReader[] = [
  one('SecArgumentSeparator', (settings, word, owner) => {
    if (word.length !== 1) refuse(owner, 'not one character')
    settings.argumentSeparator = word
  }),
  one('SecArgumentsLimit', (settings, word, owner) => (settings.argumentsMax = bytes(word, owner))),
  one('SecAuditEngine', (settings, word, owner) => {
    settings.auditEngine = oneOf(word, ['On', 'Off', 'RelevantOnly'], owner)
  }),
  one('SecAuditLogParts', (settings, word, owner) => (settings.auditParts = auditParts(word, owner))),
  one('SecAuditLogRelevantStatus', (settings, word) => (settings.auditRelevantStatus = word)),
  one('SecCollectionTimeout', (settings, word, owner) => (settings.collectionSeconds = bytes(word, owner))),
  one('SecComponentSignature', (settings, word) => {
    settings.componentSignatures = [...settings.componentSignatures, word]
  }),
  one(
    'SecCookieFormat',
    (settings, word, owner) => (settings.cookieFormat = integer(word, 0, 1, owner) as 0 | 1),
  ),
  off('SecHashEngine', 'links and forms in responses are not signed by this engine'),
  one('SecParseXmlIntoArgs', (settings, word, owner) => {
    settings.parseXmlIntoArgs = oneOf(word, ['On', 'Off', 'OnlyArgs'], owner)
  }),
  off('SecPdfProtect', 'documents are not guarded against their readers by this engine'),
  one('SecRequestBodyAccess', (settings, word, owner) => (settings.requestBodyAccess = onOff(word, owner))),
  one('SecRequestBodyJsonDepthLimit', (settings, word, owner) => {
    settings.requestBodyJsonDepthMax = bytes(word, owner)
  }),
  one('SecRequestBodyLimit', (settings, word, owner) => (settings.requestBodyBytesMax = bytes(word, owner))),
  one('SecRequestBodyLimitAction', (settings, word, owner) => {
    settings.requestBodyLimitAction = oneOf(word, BODY_LIMIT_ACTIONS, owner)
  }),
  one('SecRequestBodyNoFilesLimit', (settings, word, owner) => {
    settings.requestBodyNoFilesBytesMax = bytes(word, owner)
  }),
  one('SecResponseBodyAccess', (settings, word, owner) => (settings.responseBodyAccess = onOff(word, owner))),
  one(
    'SecResponseBodyLimit',
    (settings, word, owner) => (settings.responseBodyBytesMax = bytes(word, owner)),
  ),
  one('SecResponseBodyLimitAction', (settings, word, owner) => {
    settings.responseBodyLimitAction = oneOf(word, BODY_LIMIT_ACTIONS, owner)
  }),
  { name: 'SecResponseBodyMimeType', max: Number.MAX_SAFE_INTEGER, read: addMimeTypes },
  {
    name: 'SecResponseBodyMimeTypesClear',
    max: 0,
    read: (settings) => {
      settings.responseMimeTypes = []
      settings.mimeTypesSaid = true
    },
  },
  one('SecRuleEngine', (settings, word, owner) => {
    settings.engine = oneOf(word, ['On', 'DetectionOnly', 'Off'], owner)
  }),
  one('SecUploadFileLimit', (settings, word, owner) => (settings.uploadFilesMax = bytes(word, owner))),
  one('SecWebAppId', (settings, word) => (settings.webAppId = word)),
  off('SecXmlExternalEntity', 'external entities are never fetched'),
]

/** The directives that become settings, by their names in lower case. */
export const settingReaders: ReadonlyMap<string, SettingReader> = new Map(
  readers.map((reader) => [reader.name.toLowerCase(), reader]),
)

/** Obeys a directive that is a setting. */
export function readSetting(
  reader: SettingReader,
  settings: SettingsDraft,
  words: readonly string[],
  place: Place,
): void {
  const owner: Owner = { code: 'syntax', name: reader.name, place }
  const min = Math.min(reader.max, 1)
  if (words.length < min) refuse(owner, 'has no argument')
  if (words.length > reader.max) refuse(owner, `has ${words.length} arguments where ${reader.max} can stand`)
  reader.read(settings, words, owner)
}

function addMimeTypes(settings: SettingsDraft, words: readonly string[]): void {
  const types = words.map((word) => word.toLowerCase())
  settings.responseMimeTypes = settings.mimeTypesSaid ? [...settings.responseMimeTypes, ...types] : types
  settings.mimeTypesSaid = true
}
