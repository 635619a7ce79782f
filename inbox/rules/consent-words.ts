import { wordsOf } from './fold.ts'

/** Whole messages that end automatic replies, by language; beyond English each list awaits review by a native speaker. */
const STOP_WORDS = {
  // As telephone providers define them.
  en: ['stop', 'stop all', 'stopall', 'unsubscribe', 'end', 'quit', 'revoke', 'opt out', 'optout', 'cancel'],
  ar: ['توقف', 'إيقاف', 'أوقف', 'إلغاء', 'إلغاء الاشتراك'],
  ur: ['بند کرو'],
  fa: ['لغو'],
  hi: ['रोकें', 'बंद करें'],
  fr: ['arrêt', 'arrêter', 'désabonner'],
  es: ['baja', 'alto', 'cancelar'],
  pt: ['parar', 'sair'],
  it: ['annulla', 'basta'],
  de: ['stopp', 'abmelden'],
  nl: ['afmelden'],
  tr: ['iptal', 'dur'],
  pl: ['rezygnuję'],
  id: ['berhenti'],
  tl: ['itigil'],
  ru: ['стоп', 'отписаться'],
} as const

/** Whole messages that allow automatic replies again. */
const START_WORDS = {
  en: ['start', 'unstop', 'resume', 'subscribe', 'opt in', 'optin'],
  ar: ['ابدأ', 'استئناف', 'اشتراك'],
  fa: ['شروع'],
  hi: ['शुरू', 'शुरू करें'],
  fr: ['démarrer', 'reprendre'],
  es: ['alta', 'iniciar'],
  pt: ['começar'],
  it: ['inizia'],
  de: ['anmelden'],
  nl: ['aanmelden'],
  tr: ['başla'],
  id: ['mulai'],
  tl: ['simulan'],
  ru: ['старт'],
} as const

const keyOf = (text: string): string => wordsOf(text).join(' ')
const stop = new Set(Object.values(STOP_WORDS).flat().map(keyOf))
const start = new Set(Object.values(START_WORDS).flat().map(keyOf))

/** What a whole message says about being written to; null for every other text, such as “stop by tomorrow”. */
export function consentWord(text: string): 'stopped' | 'started' | null {
  // A consent word is short; a long message is none, and is not looked at further.
  if (text.length > 200) return null
  const key = keyOf(text)
  if (stop.has(key)) return 'stopped'
  return start.has(key) ? 'started' : null
}
