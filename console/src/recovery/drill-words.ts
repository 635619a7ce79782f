/** What is rehearsed. */
export const DRILL_TYPES = {
  restore: 'the database is lost',
  'region-loss': 'a region is lost',
  'key-loss': 'the keys of this machine are lost',
  'people-loss': 'people are away',
}

/** Why a drill was held. */
export const DRILL_REASONS: Readonly<Record<string, string>> = {
  full: 'after the full backup',
  'game-day': 'game day',
  asked: 'asked for',
}

/** What people can find missing on a game day. */
export const GAPS = {
  'runbook-unclear': 'a runbook was not clear',
  'person-missing': 'somebody was missing',
  'access-missing': 'access was missing',
  'tool-missing': 'a tool was missing',
  'contact-outdated': 'a contact was out of date',
  'key-not-found': 'a key was not found',
  'too-slow': 'it took too long',
  'data-missing': 'data was missing',
}
