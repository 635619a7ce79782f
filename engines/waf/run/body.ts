import type { BodyProcessor, Bytes, Settings } from '../model.ts'
import type { VariableName } from '../names.ts'
import {
  readJson,
  readMultipart,
  readPairs,
  readXml,
  readXPath,
  xmlArguments,
  type XmlDocument,
} from '../parse/index.ts'
import { jsonBesides } from './body-guess.ts'
import type { Member } from './entry.ts'
import { toMembers } from './head.ts'

/** What rules see of a request's body. */
export interface ReadBody {
  readonly raw: Bytes
  /** `REQUEST_BODY`; null when the body was read into other variables whole. */
  readonly request: Bytes | null
  readonly arguments: readonly Member[]
  /** Field and file name. */
  readonly files: readonly Member[]
  readonly fileSizes: readonly Member[]
  readonly fileContents: readonly Member[]
  readonly filesCombinedBytes: number
  readonly partNames: readonly Member[]
  /** Name of the part and header line. */
  readonly partHeaders: readonly Member[]
  readonly flags: ReadonlyMap<VariableName, Bytes>
  /** The values that an XPath expression chooses. */
  readonly xml: ((path: Bytes) => readonly Bytes[]) | null
  readonly encodingError: boolean
  /** Why it could not be read as what it says it is; null when it could. */
  readonly error: string | null
}

/** How a body is to be read. */
export interface BodyReading {
  readonly processor: BodyProcessor | null
  readonly contentType: Bytes
  readonly settings: Settings
  readonly parseXmlIntoArgs: 'On' | 'Off' | 'OnlyArgs'
  /** `REQUEST_BODY` is wanted of types that nothing reads. */
  readonly force: boolean
  /** A form that is JSON as well is read in both ways. */
  readonly guesses: boolean
}

/** What rules see as text besides: names of objects and arrays stand nowhere else, as they hold no value themselves. */
const SHOWN: ReadonlySet<BodyProcessor | null> = new Set(['URLENCODED', 'JSON'])
const XML_DEPTH_MAX = 128
const XML_NODES_MAX = 50_000
const TOO_MANY = 'more arguments than SecArgumentsLimit allows'

const EMPTY: ReadBody = {
  raw: '',
  request: null,
  arguments: [],
  files: [],
  fileSizes: [],
  fileContents: [],
  filesCombinedBytes: 0,
  partNames: [],
  partHeaders: [],
  flags: new Map(),
  xml: null,
  encodingError: false,
  error: null,
}

/** Reads a body with its processor; never throws, and shows the raw text of one that could not be read. */
export function readBody(raw: Bytes, reading: BodyReading): ReadBody {
  if (raw === '') return EMPTY
  const read = readWith(raw, reading)
  const isShown = SHOWN.has(reading.processor) || read.error !== null
  return { ...read, request: isShown || (reading.processor === null && reading.force) ? raw : null }
}

function readWith(raw: Bytes, reading: BodyReading): ReadBody {
  switch (reading.processor) {
    case 'URLENCODED':
      return readForm(raw, reading)
    case 'MULTIPART':
      return readParts(raw, reading)
    case 'JSON':
      return readJsonBody(raw, reading)
    case 'XML':
      return readXmlBody(raw, reading)
    case null:
    default:
      return { ...EMPTY, raw }
  }
}

function readForm(raw: Bytes, { settings, guesses }: BodyReading): ReadBody {
  const form = readPairs(raw, settings.argumentSeparator, settings.argumentsMax)
  const besides = guesses ? jsonBesides(raw, settings) : []
  return {
    ...EMPTY,
    raw,
    arguments: toMembers([...form.pairs, ...besides]),
    encodingError: form.invalidEncoding,
    error: form.overflow ? TOO_MANY : null,
  }
}

function readJsonBody(raw: Bytes, { settings }: BodyReading): ReadBody {
  const read = readJson(raw, {
    depthMax: settings.requestBodyJsonDepthMax,
    argumentsMax: settings.argumentsMax,
  })
  return {
    ...EMPTY,
    raw,
    arguments: toMembers(read.pairs),
    error: read.error ?? (read.overflow ? TOO_MANY : null),
  }
}

function readParts(raw: Bytes, { settings, contentType }: BodyReading): ReadBody {
  const read = readMultipart(contentType, raw, {
    argumentsMax: settings.argumentsMax,
    filesMax: settings.uploadFilesMax,
  })
  return {
    ...EMPTY,
    raw,
    arguments: toMembers(read.fields),
    files: read.files.map(({ name, filename }) => ({ name, value: filename })),
    fileSizes: read.files.map(({ name, content }) => ({ name, value: String(content.length) })),
    fileContents: read.files.map(({ name, content }) => ({ name, value: content })),
    filesCombinedBytes: read.files.reduce((sum, { content }) => sum + content.length, 0),
    partNames: read.names.map((name) => ({ name, value: name })),
    partHeaders: toMembers(read.partHeaders),
    flags: new Map(Array.from(read.flags, (flag) => [flag, '1'] as const)),
    error: read.error ?? (read.overflow ? TOO_MANY : null),
  }
}

function readXmlBody(raw: Bytes, { settings, parseXmlIntoArgs }: BodyReading): ReadBody {
  const { document, error } = readXml(raw, { depthMax: XML_DEPTH_MAX, nodesMax: XML_NODES_MAX })
  const none = { pairs: [], overflow: false }
  const read = parseXmlIntoArgs === 'Off' ? none : xmlArguments(document, settings.argumentsMax)
  return {
    ...EMPTY,
    raw,
    arguments: toMembers(read.pairs),
    xml: parseXmlIntoArgs === 'OnlyArgs' ? null : xmlReader(document),
    error: error ?? (read.overflow ? TOO_MANY : null),
  }
}

/** Answers each path once. */
function xmlReader(document: XmlDocument): (path: Bytes) => readonly Bytes[] {
  const known = new Map<Bytes, readonly Bytes[]>()
  return (path) => {
    const before = known.get(path)
    if (before !== undefined) return before
    const found = readXPath(path)?.(document) ?? []
    known.set(path, found)
    return found
  }
}
