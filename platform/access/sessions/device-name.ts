/** What a user agent says of itself, in words; `null` where it says nothing that is known. */
export interface DeviceName {
  readonly browser: string | null
  readonly system: string | null
  /** Both in one sentence. */
  readonly says: string
}

/** Browsers claim to be each other, so the more special one comes first. */
const BROWSERS = [
  ['Edge', /\bEdgA?(?:iOS)?\/(\d{1,4})/],
  ['Opera', /\bOPR\/(\d{1,4})/],
  ['Samsung Internet', /\bSamsungBrowser\/(\d{1,4})/],
  ['Vivaldi', /\bVivaldi\/(\d{1,4})/],
  ['Firefox', /\b(?:Firefox|FxiOS)\/(\d{1,4})/],
  ['Chrome', /\b(?:Chrome|CriOS)\/(\d{1,4})/],
  ['Safari', /\bVersion\/(\d{1,4})[.\d]{0,10} (?:Mobile\/\w{1,10} )?Safari\//],
  ['curl', /^curl\/(\d{1,4})/],
] as const

const SYSTEMS = [
  ['iPadOS', /\biPad\b/],
  ['iOS', /\biPhone\b/],
  ['Android', /\bAndroid\b/],
  ['Windows', /\bWindows NT\b/],
  ['ChromeOS', /\bCrOS\b/],
  ['macOS', /\bMac OS X\b/],
  ['Linux', /\bLinux\b/],
] as const

/** A device that has no name of its own. */
const NAMELESS = 'an unknown device'

/** Names browser and system of a user agent, which is whatever its sender likes and never shown as it came. */
export function deviceName(userAgent: string): DeviceName {
  const text = userAgent.slice(0, 400)
  const browser =
    BROWSERS.map(([name, shape]) => ({ name, version: shape.exec(text)?.[1] })).find(
      ({ version }) => version !== undefined,
    ) ?? null
  const system = SYSTEMS.find(([, shape]) => shape.test(text))?.[0] ?? null
  const named = browser === null ? null : `${browser.name} ${browser.version}`
  const says = [named, system].filter((one) => one !== null).join(' on ')
  return { browser: named, system, says: says === '' ? NAMELESS : says }
}
