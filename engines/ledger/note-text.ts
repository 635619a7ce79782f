/** True for text that C2SP signed-note allows: valid Unicode without ASCII control characters other than newline. */
export function isNoteText(text: string): boolean {
  // Read as: a control character that is neither newline nor one of the non-ASCII controls.
  return text.isWellFormed() && !/[^\P{Cc}\n\u007f-\u009f]/u.test(text)
}

/** True for a key name that C2SP signed-note allows: not empty, no Unicode space, no plus, no control character. */
export function isKeyName(name: string): boolean {
  return isNoteText(name) && /^[^\p{White_Space}+]+$/u.test(name)
}
